/// How series are told apart, by people who do not see all colors too: eight colors, and beyond them dashes.
///
/// On light ground each color has a contrast of 3 : 1 at least, on dark ground its lighter relative has. What does not know style sheets
/// shows the light ones, which stand in the elements themselves.
enum ChartLook {
  private static let light = [
    "#0068ad", "#c94f00", "#00805c", "#b0448b", "#8a6d00", "#6a4fc9", "#8a4b2a", "#5f6670",
  ]
  private static let dashes: [String?] = [nil, "6 3", "2 3", "9 3 2 3"]

  /// The look of what is faint.
  static let faint = -1

  static func color(_ look: Int) -> String { light[place(look)] }
  static func dash(_ look: Int) -> String? { look == faint ? nil : dashes[look / light.count % dashes.count] }
  static func strokeClass(_ look: Int) -> String { "s\(place(look))" }
  static func fillClass(_ look: Int) -> String { "f\(place(look))" }
  static func opacity(_ look: Int) -> String? { look == faint ? "0.45" : nil }
  static func width(_ look: Int) -> String { look == faint ? "1" : "1.8" }

  /// The last color is gray.
  private static func place(_ look: Int) -> Int { look == faint ? light.count - 1 : look % light.count }

  /// For the page or the picture that has charts in it.
  static let style: StaticString = """
    .perigee-chart{font:12px/1.2 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
    .perigee-chart .title{font-weight:600;font-size:13px}
    @media (prefers-color-scheme:dark){
    .perigee-chart text{fill:#d5d9e0}.perigee-chart .faint{fill:#a3abb8}
    .perigee-chart .ground{fill:#15181d}
    .perigee-chart .grid{stroke:#31363f}.perigee-chart .axis{stroke:#7d8694}
    .perigee-chart .s0{stroke:#55b4ff}.perigee-chart .f0{fill:#55b4ff}
    .perigee-chart .s1{stroke:#ff9354}.perigee-chart .f1{fill:#ff9354}
    .perigee-chart .s2{stroke:#35d0a2}.perigee-chart .f2{fill:#35d0a2}
    .perigee-chart .s3{stroke:#f190cf}.perigee-chart .f3{fill:#f190cf}
    .perigee-chart .s4{stroke:#e3c04a}.perigee-chart .f4{fill:#e3c04a}
    .perigee-chart .s5{stroke:#b0a0ff}.perigee-chart .f5{fill:#b0a0ff}
    .perigee-chart .s6{stroke:#d9a07a}.perigee-chart .f6{fill:#d9a07a}
    .perigee-chart .s7{stroke:#b5bcc7}.perigee-chart .f7{fill:#b5bcc7}
    }
    """
}
