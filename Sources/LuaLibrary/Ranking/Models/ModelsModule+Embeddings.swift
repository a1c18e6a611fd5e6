import LuaHost
import Tensors

// The parameters of a model as tensors.

extension ModelsModule {
  static var embeddingMethods: [FunctionDescription] { [userEmbeddings, itemEmbeddings] }

  private static let details =
    "A copy as the parameters stand now, without biases; later training does not change it. Rows are in the order of "

  private static var userEmbeddings: FunctionDescription {
    FunctionDescription(
      "user_embeddings", "The rows of all users.", details: details + "`dataset:users()`.",
      example: "model:user_embeddings():write_npy \"users.npy\"",
      returns: [.init("users", .tensor, "`[users, dim]`.")]
    ) { call in
      let model = try call.receiver(ModelHandle.self).embeddingModel()
      return [try Tensor(try model.userEmbeddings(), shape: [model.userCount, model.dim])]
    }
  }

  private static var itemEmbeddings: FunctionDescription {
    FunctionDescription(
      "item_embeddings", "The rows of all items.", details: details + "`dataset:items()`.",
      returns: [.init("items", .tensor, "`[items, dim]`.")]
    ) { call in
      let model = try call.receiver(ModelHandle.self).embeddingModel()
      return [try Tensor(try model.itemEmbeddings(), shape: [model.itemCount, model.dim])]
    }
  }
}
