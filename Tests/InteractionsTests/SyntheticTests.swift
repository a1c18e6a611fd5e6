import Interactions
import Testing

@Suite struct SyntheticTests {
  @Test func theSameSeedGivesTheSameSet() throws {
    var options = SyntheticOptions()
    options.users = 100
    let one = try Dataset.synthetic(options)
    let again = try Dataset.synthetic(options)
    #expect(one.interactions == again.interactions && one.planted == again.planted)
    #expect(one.provenance.contentHash == again.provenance.contentHash)
    options.seed = 1
    let other = try Dataset.synthetic(options)
    #expect(other.interactions != one.interactions)
    #expect(other.provenance.contentHash != one.provenance.contentHash)
  }

  @Test func usersKeepToTheirInterestsUpToTheNoise() throws {
    var options = SyntheticOptions()
    options.users = 2000
    options.noise = 0.2
    options.seed = 5
    let data = try Dataset.synthetic(options)
    let planted = try #require(data.planted)
    var inside = 0
    for user in 0..<data.userCount {
      #expect(planted.interestsOfUser[user].count == 2)
      for item in data.interactions.items(of: user)
      where planted.interestsOfUser[user].contains(planted.interestOfItem[Int(item)]) { inside += 1 }
    }
    // Noise hits one of the user's 2 of 10 interests by chance, a little less as items already taken are drawn again.
    let share = Double(inside) / Double(data.interactions.count)
    #expect(abs(share - (0.8 + 0.2 * 0.2)) < 0.02)
  }

  @Test func withoutNoiseNobodyLeavesTheirInterests() throws {
    var options = SyntheticOptions()
    options.noise = 0
    options.seed = 2
    let data = try Dataset.synthetic(options)
    for user in 0..<data.userCount {
      for item in data.interactions.items(of: user) {
        #expect(data.planted!.interestsOfUser[user].contains(data.planted!.interestOfItem[Int(item)]))
      }
    }
  }

  @Test func countsAndPopularityAreAsAsked() throws {
    var options = SyntheticOptions()
    options.users = 3000
    options.skew = 1
    let data = try Dataset.synthetic(options)
    let statistics = data.statistics()
    #expect(statistics.perUser.minimum == 15 && statistics.perUser.maximum == 45)
    #expect(abs(statistics.perUser.mean - 30) < 0.6)
    options.skew = 0
    let flat = try Dataset.synthetic(options).statistics()
    #expect(flat.perItem.gini < 0.1 && statistics.perItem.gini > 0.3)
    #expect(data.titles?[3] == "item 3 of interest 4")
    #expect(data.timestamps != nil)
  }

  @Test func aLeastSetWorks() throws {
    var options = SyntheticOptions()
    (options.users, options.items, options.interests, options.interestsPerUser, options.interactionsPerUser) = (
      1, 1, 1, 1, 1
    )
    #expect(try Dataset.synthetic(options).description == "Dataset(1 users, 1 items, 1 interactions)")
  }

  @Test func impossibleOptionsSayWhatToGive() {
    func message(_ change: (inout SyntheticOptions) -> Void) -> String? {
      var options = SyntheticOptions()
      change(&options)
      do {
        _ = try Dataset.synthetic(options)
        return nil
      } catch { return error.description }
    }
    #expect(
      message { $0.interactionsPerUser = .max }
        == "synthetic: interactions_per_user is 9223372036854775807, and a user's interests have 100 items; give at most 66, or more items"
    )
    let huge = message {
      ($0.users, $0.items, $0.interests) = (100_000_000, 100_000_000, 1)
      ($0.interestsPerUser, $0.interactionsPerUser) = (1, 60_000_000)
    }
    #expect(
      huge?.hasPrefix(
        "synthetic: a set of 100000000 users, 100000000 items and 6000000000000000 interactions needs 144 PB; ") == true
    )
    #expect(huge?.hasSuffix(" can be had here; give fewer") == true)
    #expect(message { $0.users = 0 } == "synthetic: users is 0; give from 1 to 100000000")
    #expect(message { $0.interests = 501 } == "synthetic: interests is 501; give from 1 to items = 500")
    #expect(
      message { $0.interestsPerUser = 11 } == "synthetic: interests_per_user is 11; give from 1 to interests = 10")
    #expect(message { $0.noise = 1.5 } == "synthetic: noise is 1.5; give a share from 0 to 1")
    #expect(message { $0.skew = .nan } == "synthetic: skew is nan; give a number from 0 to 10")
    #expect(
      message { $0.interactionsPerUser = 90 }
        == "synthetic: interactions_per_user is 90, and a user's interests have 100 items; give at most 66, or more items"
    )
  }
}
