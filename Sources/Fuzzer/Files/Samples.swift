/// Small files of every format that `perigee.data.open` reads.
enum Samples {
  struct Sample {
    /// What the program opens: a file, or a folder.
    let path: String
    let files: [CaseFile]

    init(_ path: String, _ text: String) {
      self.init(path, [path: Array(text.utf8)])
    }

    init(_ path: String, _ files: [String: [UInt8]]) {
      self.path = path
      self.files = files.sorted { $0.key < $1.key }.map { CaseFile(path: $0.key, bytes: $0.value) }
    }
  }

  static let pairs = Sample("pairs.csv", "user,item\n1,10\n2,30\n2,10\n3,20\n3,10\n1,20\n4,40\n4,10\n")
  static let rated = Sample(
    "rated.tsv", "zoe\tB00X\t4.5\t978300760\nadam\t007\t3\t978302109\nzoe\t007\t1\t978301968\nadam\t7\t-1\t978301000\n")
  static let lists = Sample(
    "lists",
    [
      "lists/train.txt": Array("0 0 1 2\n1 2 3\n2 0 3 4\n".utf8), "lists/test.txt": Array("0 3\n1 0\n2 1\n".utf8),
      "lists/movies.dat": Array("0::Zero::A\n1::One::A\n2::Two::A\n3::Three::A\n4::Four::B\n".utf8),
    ])

  static let all: [Sample] = [
    pairs, rated, lists,
    Sample("stars.dat", "2::30::4.5::978300760\n2::10::-1::978302109\n1::10::3::978301968\n"),
    Sample(
      "quoted.csv",
      "\"user_id\",\"movie id\",\"title\"\n\"1\",\"10\",\"a, \"\"b\"\"\"\n\"2\",\"30\",\"c\"\n\"2\",\"10\",\"é\"\n"),
    Sample("spaces.txt", "1 10 1970-01-02\n2 30 2000-03-01\n2 10 2010-10-19T23:55:27Z\n"),
    Sample("semicolons.csv", "1;10\r\n2;30\r\n2;10\r\n"),
    Sample("users.dat", "2 5 3\n0\n3 0 3 5\n1 2\n"),
    Sample(
      "atomic",
      [
        "atomic/atomic.inter": Array(
          "item_id:token\tuser_id:token\trating:float\ttimestamp:float\n30\t2\t3\t881250949.0\n10\t2\t1.5\t8.8e8\n10\t1\t2\t1\n"
            .utf8),
        "atomic/atomic.item": Array("item_id:token\tmovie_title:token_seq\n10\tToy Story\n99\tUnseen\n30\tCafé\n".utf8),
      ]),
    Sample(
      "ncf",
      [
        "ncf/A.train.rating": Array("0\t1\t5\n0\t2\t4\n1\t3\t1\n".utf8),
        "ncf/A.test.rating": Array("0\t3\t5\n1\t1\t4\n".utf8),
        "ncf/A.test.negative": Array("(1,1)\t4\t4\t1\n(0,3)\t2\t0\t4\n".utf8),
      ]),
    Sample(
      "parts",
      [
        "parts/train.tsv": Array("u1\ti1\nu1\ti2\nu2\ti3\n".utf8), "parts/valid.tsv": Array("u1\ti3\n".utf8),
        "parts/test.tsv": Array("u1\ti4\nu2\ti1\n".utf8), "parts/candidates.txt": Array("u2 i2 i4 i2\n".utf8),
      ]),
    Sample(
      "reviews.json",
      """
      {"reviewerID": "A2", "asin": "B30", "helpful": [0, {"x": "}"}], "reviewText": "say \\"hi\\" \\u00e9\\ud83d\\ude00", "overall": 5.0, "unixReviewTime": 1252800000}
      {"reviewerID": "A1", "asin": "B10", "overall": 2.0, "unixReviewTime": 1252800001}
      {"user_id": "A3", "asin": "B10", "overall": 2.0, "unixReviewTime": 1252800001}

      """),
    Sample("sparse.mat", ["sparse.mat": Matlab.sparse]),
  ]

  /// Those whose name a program mentions.
  static func files(for program: String) -> [CaseFile] {
    [pairs, rated, lists].filter { program.contains("\"\($0.path)\"") }.flatMap(\.files)
  }
}
