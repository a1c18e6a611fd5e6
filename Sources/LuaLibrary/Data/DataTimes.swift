import Interactions
import LuaHost
import Platform

extension LuaCall {
  /// A moment in the data's unit: a number as it is, or a date. Without `mayLieOutside` a date is one of the data's own span, or it is a
  /// mistake.
  func time(_ name: String, in data: Dataset, mayLieOutside: Bool = false) throws -> Int64? {
    if let number = optionalInteger(name) { return Int64(number) }
    guard let text = optionalString(name) else { return nil }
    guard let moment = try data.moment(of: text, mayLieOutside: mayLieOutside) else {
      throw error(
        name, "want a time in the data's unit or a date as \(Dataset.dateForms), got \(quoted(text))")
    }
    return moment
  }
}
