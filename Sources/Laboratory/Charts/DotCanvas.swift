/// Dots on a grid of characters: eight in each character of Braille, or one in each as a letter.
struct DotCanvas {
  let columns: Int
  let rows: Int
  private let isASCII: Bool
  /// Of each character the dots that are set, or the letter.
  private var dots: [UInt8]
  private var letters: [Character?]

  /// Dots in a character, across and down.
  private var across: Int { isASCII ? 1 : 2 }
  private var down: Int { isASCII ? 1 : 4 }
  var width: Int { columns * across }
  var height: Int { rows * down }

  init(columns: Int, rows: Int, isASCII: Bool) {
    (self.columns, self.rows, self.isASCII) = (columns, rows, isASCII)
    dots = Array(repeating: 0, count: columns * rows)
    letters = Array(repeating: nil, count: columns * rows)
  }

  /// The character that a dot is in.
  func row(of y: Int) -> Int { y / down }
  func column(of x: Int) -> Int { x / across }

  /// Sets a dot; `y` counts from above.
  mutating func set(_ x: Int, _ y: Int, _ letter: Character) {
    let cell = row(of: y) * columns + column(of: x)
    if isASCII { return letters[cell] = letter }
    // Unicode numbers the dots of a character down its columns, but for the lowest row, which was added later.
    let bits: [[UInt8]] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]]
    dots[cell] |= bits[y % down][x % across]
  }

  /// Sets the dots between two, by Bresenham's algorithm.
  mutating func line(from: (x: Int, y: Int), to: (x: Int, y: Int), _ letter: Character) {
    let (dx, dy) = (abs(to.x - from.x), -abs(to.y - from.y))
    let (stepX, stepY) = (from.x < to.x ? 1 : -1, from.y < to.y ? 1 : -1)
    var (x, y, error) = (from.x, from.y, dx + dy)
    while true {
      set(x, y, letter)
      if x == to.x, y == to.y { return }
      let twice = 2 * error
      if twice >= dy { (error, x) = (error + dy, x + stepX) }
      if twice <= dx { (error, y) = (error + dx, y + stepY) }
    }
  }

  /// Puts a letter over the dots of a character.
  mutating func put(_ letter: Character, column: Int, row: Int) { letters[row * columns + column] = letter }

  /// The rows, the highest first.
  var text: [String] {
    (0..<rows).map { row in
      String(
        (0..<columns).map { column in
          let cell = row * columns + column
          if let letter = letters[cell] { return letter }
          return dots[cell] == 0 ? " " : Character(Unicode.Scalar(0x2800 + UInt32(dots[cell]))!)
        })
    }
  }
}
