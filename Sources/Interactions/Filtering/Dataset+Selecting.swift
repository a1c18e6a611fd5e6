extension Dataset {
  /// The set with some interactions, the users and items they concern, and nothing else.
  func selecting(_ isKept: [Bool], note: String) -> Dataset {
    var newItem = [Int32](repeating: -1, count: itemCount)
    for (index, item) in interactions.items.enumerated() where isKept[index] { newItem[Int(item)] = 0 }
    let keptItems = renumber(&newItem)
    var newUser = [Int32](repeating: -1, count: userCount)
    var offsets = [0]
    var columns: [Int32] = []
    for user in 0..<userCount {
      let before = columns.count
      for index in interactions.rowOffsets[user]..<interactions.rowOffsets[user + 1] where isKept[index] {
        columns.append(newItem[Int(interactions.items[index])])
      }
      if columns.count == before { continue }
      newUser[user] = 0
      offsets.append(columns.count)
    }
    let keptUsers = renumber(&newUser)
    func kept<Value>(_ values: [Value]?) -> [Value]? {
      values.map { zip($0, isKept).compactMap { $1 ? $0 : nil } }
    }
    var provenance = provenance
    provenance.notes.append(note)
    return Dataset(
      name: name,
      interactions: InteractionMatrix(
        userCount: keptUsers.count, itemCount: keptItems.count, rowOffsets: offsets, items: columns),
      ratings: kept(ratings), timestamps: kept(timestamps), parts: kept(parts),
      userIdentifiers: userIdentifiers.selecting(keptUsers), itemIdentifiers: itemIdentifiers.selecting(keptItems),
      titles: titles.map { Titles($0.table.selecting(keptItems)) },
      userTitles: userTitles.map { Titles($0.table.selecting(keptUsers)) },
      candidates: candidates?.selecting(users: keptUsers, newItem: newItem),
      planted: planted?.selecting(users: keptUsers, items: keptItems), provenance: provenance)
  }

  /// Numbers what is not -1 from 0 in order; returns the old numbers.
  private func renumber(_ new: inout [Int32]) -> [Int32] {
    var kept: [Int32] = []
    for old in new.indices where new[old] >= 0 {
      new[old] = Int32(kept.count)
      kept.append(Int32(old))
    }
    return kept
  }
}

extension CandidateLists {
  /// The lists of some users; candidates that are no longer items (-1) go.
  func selecting(users: [Int32], newItem: [Int32]) -> CandidateLists {
    var offsets = [0]
    var kept: [Int32] = []
    for user in users {
      for item in items(of: Int(user)) where newItem[Int(item)] >= 0 { kept.append(newItem[Int(item)]) }
      offsets.append(kept.count)
    }
    return CandidateLists(rowOffsets: offsets, items: kept)
  }
}

extension PlantedInterests {
  func selecting(users: [Int32], items: [Int32]) -> PlantedInterests {
    PlantedInterests(
      interestCount: interestCount, interestOfItem: items.map { interestOfItem[Int($0)] },
      interestsOfUser: users.map { interestsOfUser[Int($0)] })
  }
}
