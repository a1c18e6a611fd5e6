extension InteractionMatrix {
  /// Bytes of memory it holds.
  public var byteCount: Int { rowOffsets.count * 8 + items.count * 4 }
}

extension Dataset {
  /// Bytes of memory that the set holds.
  public var byteCount: Int {
    interactions.byteCount + (ratings?.count ?? 0) * 4 + (timestamps?.count ?? 0) * 8 + (parts?.count ?? 0)
      + userIdentifiers.byteCount + itemIdentifiers.byteCount + (titles?.table.byteCount ?? 0)
      + (userTitles?.table.byteCount ?? 0) + (candidates.map { $0.rowOffsets.count * 8 + $0.items.count * 4 } ?? 0)
  }
}

extension Split {
  /// Bytes of memory that the parts hold, without the data set's own.
  public var byteCount: Int { train.byteCount + (valid?.byteCount ?? 0) + test.byteCount }
}

extension IdentifierMap {
  var byteCount: Int {
    switch storage {
    case .range: 0
    case .numbers(let numbers): numbers.count * 8
    case .text(let table): table.byteCount
    }
  }
}

extension TextTable {
  var byteCount: Int { offsets.count * 8 + bytes.count }
}
