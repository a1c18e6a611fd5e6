import Testing

@testable import Interactions
