import LuaHost
import Tensors

/// The `perigee` module: every function that scripts can call, described once.
public enum PerigeeLibrary {
  public static let version = "0.1.0"

  /// Throws where the environment has a setting of Perigee's that cannot be: for the start of a program.
  public static func checkEnvironment() throws { try ThreadPool.checkEnvironment() }

  public static func module() -> ModuleDescription {
    ModuleDescription(
      "perigee", "A laboratory for recommendation from implicit feedback.",
      functions: GeneralModule.functions + [
        TrainerModule.trainer, LuaModelModule.model, ModelsModule.loadModel, ParameterModule.parameter,
        SearchModule.search,
      ]
        + EvaluationModule.functions
        + [PlotModule.plot, RunsModule.reportOfStore].about("Charts and reports")
        + TensorModule.functions.map(TracedValueBinding.accepting) + [SparseModule.sparse],
      constants: [ConstantDescription("version", "The version of Perigee.", value: .string(version))],
      types: [
        TrainerModule.type, BatchBinding.type, GradientSetBinding.type, TracedValueBinding.accepting(TensorModule.type),
        SparseModule.type,
      ] + lossTypes + SearchModule.types,
      modules: [
        DataModule.module(), ModelsModule.module(), LossesModule.module(), TermsModule.module(),
        WeightingModule.module(), SamplersModule.module(),
        OptimizersModule.module(), SchedulesModule.module(), RunsModule.module(), SpaceModule.module(),
      ])
  }

  /// What a loss written in Lua works with.
  private static var lossTypes: [TypeDescription] {
    [LossScores.type, TracedValueBinding.type, LossRows.type]
  }
}
