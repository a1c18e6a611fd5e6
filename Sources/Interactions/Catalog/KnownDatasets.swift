// The checksums are of the publishers' own files. Counts are what `Dataset.open` finds in them.

private let code = "https://raw.githubusercontent.com"
private let groupLens = "https://files.grouplens.org/datasets"

extension DataCatalog {
  static let movieLens100K = KnownDataset(
    name: "ml-100k", aliases: ["movielens-100k"], folders: ["ml-100k"],
    title: "MovieLens 100K: ratings of films, with times",
    publisher: "GroupLens, University of Minnesota (Harper and Konstan, TiiS 2015)",
    terms: "research use, no redistribution without permission, no commercial use", users: 943, items: 1682,
    interactions: 100_000,
    origins: [
      .package(
        name: "recbole", version: "1.2.1",
        files: [
          file(
            "recbole/dataset_example/ml-100k/ml-100k.inter",
            "4edb74e2a81178c2ba9ff381495f754f996c4aea351b1272ca36b43da0935eff"),
          file(
            "recbole/dataset_example/ml-100k/ml-100k.item",
            "51d7cdf777ce5c0f5b32c1d947a4a81fe07d75e78abbe761e0cd4d0756064532"),
          file(
            "recbole/dataset_example/ml-100k/ml-100k.user",
            "4f670007d9cfbeb9807e757209af1555b9bcc186bde25e767f67cb67c6dd5972"),
        ]),
      .archive(
        address: "\(groupLens)/movielens/ml-100k.zip", sha256: nil,
        files: [
          file("ml-100k/u.data", "06416e597f82b7342361e41163890c81036900f418ad91315590814211dca490"),
          file("ml-100k/u.item", nil),
          file("ml-100k/README", "4883b8cf340ed0059971b33f56ad3adc88a40792108ebca3d24aafc4c82e8b52"),
        ]),
    ])

  static let movieLens1M = KnownDataset(
    name: "ml-1m", aliases: ["movielens-1m"], folders: ["ml-1m"], title: "MovieLens 1M: ratings of films, with times",
    publisher: "GroupLens, University of Minnesota (Harper and Konstan, TiiS 2015)",
    terms: "research use, no redistribution without permission, no commercial use", users: 6040, items: 3706,
    interactions: 1_000_209,
    origins: [
      .archive(
        address: "\(groupLens)/movielens/ml-1m.zip",
        sha256: "a6898adb50b9ca05aa231689da44c217cb524e7ebd39d264c56e2832f2c54e20",
        files: [
          file("ml-1m/ratings.dat", nil),
          file("ml-1m/movies.dat", "0140fc2356357c1a851d0f52e893a1e4d3696df632c4141cea8d5bc3d621f0b9"),
          file("ml-1m/README", "2d5ddce86ccbd247207456165827b4b9ddf27282bca93807d4c763e28414f133"),
        ])
    ])

  static let gowalla = KnownDataset(
    name: "gowalla", aliases: ["gowalla-lightgcn"], folders: ["gowalla-lightgcn", "gowalla"],
    title: "Gowalla check-ins, with the split of LightGCN",
    publisher: "Cho, Myers and Leskovec (KDD 2011), SNAP; split by He et al. (SIGIR 2020)",
    terms: "no stated license; research use with citation", users: 29_858, items: 40_981, interactions: 1_027_370,
    origins: [
      .files(
        base: "\(code)/gusye1234/LightGCN-PyTorch/947ca2b3b1d2d3545b114145710cb06c4e57b3d2/data/gowalla",
        files: [
          file("train.txt", "7244696fdeb23911319cf7b689f2e15a3c4c92549c873a5677b44e3f13cc3e62"),
          file("test.txt", "099a2a73924e4b754dc6efd730d764f492321b53c38eb93298850c83acf57be3"),
        ])
    ])

  static let yelp2018 = KnownDataset(
    name: "yelp2018", aliases: ["yelp2018-lightgcn", "yelp"], folders: ["yelp2018-lightgcn", "yelp2018"],
    title: "Yelp 2018 reviews, with the split of LightGCN",
    publisher: "Yelp Dataset Challenge 2018; split by He et al. (SIGIR 2020)",
    terms: "academic, non-commercial use, no redistribution", users: 31_668, items: 38_048, interactions: 1_561_406,
    origins: [
      .files(
        base: "\(code)/gusye1234/LightGCN-PyTorch/947ca2b3b1d2d3545b114145710cb06c4e57b3d2/data/yelp2018",
        files: [
          file("train.txt", "1e9568725a9e833d0ac3bae01c94cd95367f73b3bb6104fd26b5f65ea5054093"),
          file("test.txt", "9cd9b37926cd1447a06625ffa7914527573fb097c10cb0bbdb1d1b8ded3742fe"),
        ])
    ])

  static let lastFM = KnownDataset(
    name: "lastfm", aliases: ["hetrec2011-lastfm-2k", "lastfm-2k"], folders: ["hetrec2011-lastfm-2k", "lastfm"],
    title: "HetRec 2011 Last.fm: counts of plays of artists",
    publisher: "Cantador, Brusilovsky and Kuflik (HetRec 2011), with Last.fm", terms: "non-commercial use", users: 1892,
    items: 17_632, interactions: 92_834,
    origins: [
      .archive(
        address: "\(groupLens)/hetrec2011/hetrec2011-lastfm-2k.zip", sha256: nil,
        files: [
          file("user_artists.dat", "001400dc3c7d2667fca6e4ea6dc6acc31a9dd28ad5cd0f74cea988c019934d3b"),
          file("artists.dat", "c173881362c6b28551368fecb3c0be5a6a30a6cd859e1f5775413dfe46d48648"),
          file("readme.txt", "44c38757b3a24e68e844ac60c97ba7fd8e0f691cf1b00e9cf6bd8854df0dd64a"),
        ])
    ])

  static let amazonInstantVideo = KnownDataset(
    name: "amazon-instant-video", aliases: ["aiv"], folders: ["amazon-instant-video"],
    title: "Amazon Instant Video reviews, 5-core, numbered by the authors of UIB",
    publisher: "McAuley, UC San Diego; numbered by Zhuo et al. (WWW 2022)",
    terms: "no stated license; research use with citation", users: 5130, items: 1685, interactions: 37_126,
    origins: [
      .files(
        base:
          "\(code)/JianhuanZhuo/Code-for-UIB-WWW2022/9d9db84921866b416384fb4ec8daada5df8954cc/dataset/AmazonInstantVideo",
        files: [
          file("Amazon_Instant_Video_5.txt", "6c856ce2e162894d3fd240e8b943be745a2d1f9d0de4b2ca435f04c091f37801")
        ])
    ])

  static let amazonMusic = KnownDataset(
    name: "amusic", aliases: ["amusic-ncf"], folders: ["amusic-ncf", "amusic"],
    title: "Amazon Digital Music ratings, leave-one-out with 99 candidates a user (NCF files)",
    publisher: "McAuley, UC San Diego; files by Deng et al. (DeepCF, AAAI 2019)",
    terms: "no stated license; research use with citation", users: 1776, items: 12_929, interactions: 46_087,
    origins: [
      .files(
        base: "\(code)/familyld/DeepCF/0d91a5ddacde4ec6de16972cb7f22a74c7c9e1a8/Data",
        files: [
          file("AMusic.train.rating", "7e7aa977b152a99e706c581f8feaa73a9c490b3c9f88b81a0aa1da3272bd3a98"),
          file("AMusic.test.rating", "e6d556349b628eaeae94170a96e183db899e1947664bb17dbe30c31962b5def1"),
          file("AMusic.test.negative", "a490e1666b38ee0cf0396b8723bc1ffc119b3cfa070a7b4b1165ec9b6ed07ce1"),
        ])
    ])

  static let citeULikeT = KnownDataset(
    name: "citeulike-t", aliases: ["citeulike"], folders: ["citeulike-t", "citeulike"],
    title: "CiteULike-t: articles in users' libraries",
    publisher: "Wang, Chen and Li (IJCAI 2013), collected from CiteULike", terms: "no stated license; research use",
    users: 7947, items: 25_584, interactions: 134_860,
    origins: [
      .files(
        base: "\(code)/changun/CollMetric/d9026cfce7c6e8dd2640b842ad524b61031b29ac/citeulike-t",
        files: [file("users.dat", "02d5d429b2c0362e0ed79f6ef204666b4092563d21493abf4dfb521e8a7078bf")])
    ])

  static let gowallaPRIS = KnownDataset(
    name: "gowalla-pris", aliases: [], folders: ["gowalla-pris"], title: "Gowalla check-ins as a MATLAB matrix (PRIS)",
    publisher: "Cho, Myers and Leskovec (KDD 2011), SNAP; matrix by Lian et al. (PRIS)",
    terms: "no stated license; research use with citation", users: 29_858, items: 40_988, interactions: 1_027_464,
    origins: [
      .files(
        base: "\(code)/HERECJ/AdaSIR/9e2f351cd61dc60d63731ca4df0fe802cda995bc/datasets",
        files: [file("gowalladata.mat", "8ebdd1780706287eaf824e810633f9ed264d6eb5c32c2a13dbdd549f2695e79e")])
    ])

  /// A file that keeps its own name.
  private static func file(_ source: String, _ sha256: String?) -> KnownDataset.File {
    KnownDataset.File(source: source, name: baseName(source), sha256: sha256)
  }
}
