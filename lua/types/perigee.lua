---@meta perigee
-- Generated from the descriptions of the functions; do not edit.

--- Trains a model.
---@class Trainer
---@field rate number|Schedule|(fun(epoch: integer, step: integer): number) The optimizer's step size.
---@field batch integer Positives in a batch.
---@field accumulate integer Batches whose gradients make one step.
---@field regularization_weight number|Schedule|(fun(epoch: integer, step: integer): number) Weight of the L2 term.
---@field terms term[] What is added to the loss: assign other terms between batches.
---@field weighting TripletImportance|boolean Weights of triplets that are learned: assign others between batches, or false for none.
---@field current_epoch integer The epoch under way or just finished; 0 before the first.
---@field steps integer Steps of the optimizer so far, over all epochs: one a batch, or one for `accumulate` batches.
---@field batches_per_epoch integer Batches in an epoch.
---@field left_out_users string[] Users whose interactions are left out, as the sampler has no negatives for them: they have every item, and it excludes positives.
---@field model Model What is trained.
---@field loss loss|(fun(s: LossScores): LossValue) What is minimized: assign another loss or function between batches. What the optimizer remembers of the model is kept.
---@field history table[] A record of each finished epoch of this trainer, over all runs and loops: `epoch`, `loss`, `terms`, `seconds`, `metrics`, and with `corrupted` `corrupted_rate`, the share of samples on the wrong side, by the boundary also `corrupted_positives` and `corrupted_negatives`, their shares of positives and of negatives; where triplets' weights are learned also `weights`, as of the weighting's field.
---@field best table What early stopping found best in the last run: `epoch`, `metric`, `on`, `value`; nil before.
---@field sampler sampler Where negatives come from: assign another between batches; between epochs where it leaves out other users.
---@field optimizer Optimizer How parameters move.
local Trainer = {}

---@class (exact) Trainer.run.options.evaluate.candidates
---@field count integer Items that are drawn for each user.
---@field seed? integer Of the draw. Default 0.

---@class (exact) Trainer.run.options.evaluate
---@field every? integer Epochs between two evaluations. Default 1.
---@field on? "test"|"valid" The part whose items are looked for. Default "valid".
---@field metrics? string|table Names such as `recall@20`, and functions by a name of their own: `{ "ndcg@20", rare = function(list, truth, user) ... end }`. A function gets the user's list, identifiers best first; the items looked for as a table `{ [item] = true }`; and the user. It is called for each user when all are ranked, and returns a number, of which the mean is taken. Default { "recall@20", "ndcg@20" }.
---@field length? integer Items in the list that a function of `metrics` gets, 20 if left out; `["novelty@10"] = function ...` says it for one.
---@field users? (string|integer)[]|(fun(user: string): boolean) Who is evaluated, of those with items in the part: identifiers, or a function that says it of each.
---@field groups? "activity"|(fun(user: string): string|integer|nil) The name of the group that a user belongs to, or nil for none; "activity": quarters of the users by how many items they have in the train part, 1 the least active. The means of each group stand in `groups` beside those of all.
---@field item_groups? "popularity"|(fun(item: string): string|integer|nil) The same of items: what is looked for of each group is measured by itself, by metrics of hits; "popularity": quarters of the train interactions by how many users have their items, 1 the least popular items. Stands in `item_groups`.
---@field ties? "order"|"against" Which of two items with equal scores stands first. `order`: the one that the data has first. `against`: the one that is not looked for, so that equal scores win nothing. Default "order".
---@field mask? "auto"|"train"|"train+valid"|"none" What a list must not contain. `auto`: the train items, and when testing those of the validation part too where there is one. Default "auto".
---@field candidates? string|Trainer.run.options.evaluate.candidates|table What is ranked. `all`: every item. `{ count = 100, seed = 1 }`: for each user so many distinct items that the user has in no part, drawn once by the seed, the same for every part and model. `given`: the lists that came with the data. A table from users to lists of items; or the path of a file with lines `user item item ...`, or NCF's `(user,item) item ...`. Only the scores of candidates are computed, and lists are ranked as they are unless `mask` says otherwise. Numbers compare with others of the same candidates alone. Default "all".
---@field repeats? "once"|"each" How often a candidate counts that a list holds twice, or that is looked for itself: `once`, as in NCF's code, or `each` time that it is listed, as in UIB's. Default "once".
---@field any_split? boolean Whether a model that was trained on another split than this is taken: what it saw there may be among what is looked for. Default false.

---@class (exact) Trainer.run.options
---@field epochs integer Epochs to train.
---@field evaluate? Trainer.run.options.evaluate Evaluation during the run.
---@field patience? integer Evaluations without improvement that end the run.
---@field monitor? string The metric that early stopping watches, of a group `ndcg@10/group`; the first by default.
---@field min_improvement? number What counts as improvement. Default 0.
---@field select_on_test? boolean Allows early stopping on the test part, as some published codes do. Default false.
---@field restore_best? boolean Whether the best parameters are put back at the end. Default true.
---@field progress? boolean|"line"|"lines" Whether and how progress is shown. true or line: on a terminal one line that is rewritten, elsewhere a line an epoch; lines: a line an epoch everywhere. Default true.
---@field on_epoch? fun(report: table): boolean? Called after every epoch; return false to end the run.
---@field checkpoint? string A file that keeps what it takes to go on: where there is one, the run goes on from it. Each run of a trainer wants one of its own.
---@field checkpoint_every? integer Epochs between two checkpoints.
---@field checkpoint_seconds? number Seconds between two checkpoints, in the middle of epochs too. Default 30.
---@field on_batch? fun(report: table) Called after every batch.
---@field log? string A log that gets loss, terms, metrics and seconds as soon as an epoch is over: a table `FILE.csv`, or a folder of event files for TensorBoard. It goes on where the run goes on; of epochs that are trained anew it has the new numbers.
---@field log_format? "csv"|"tensorboard" csv or tensorboard; by the name of the log if left out.
---@field store? boolean|string Whether the run is recorded: a store's file, or true for `$PERIGEE_STORE` or else `~/.perigee/runs.sqlite`. By default it is where `$PERIGEE_STORE` is set, as `perigee run --record` and `--store FILE` do.
---@field name? string The run's name in the store, shared by runs that differ in the seed alone; that of the model and the loss by default.
---@field tags? string|string[] The run's tags in the store.
---@field notes? string Notes on the run, for the store.

---@class (exact) Trainer.run.run.best
---@field epoch integer Its number.
---@field metric string The metric that was watched.
---@field on string The part that was measured.
---@field value number What the metric was.

---@class (exact) Trainer.run.run
---@field epochs table[] A report of each: `epoch`, `loss` (of a solver `objective`), `seconds`, `metrics` by name where it was evaluated, and `weights` where triplets' weights were learned.
---@field best? Trainer.run.run.best|table The best epoch, with early stopping.
---@field ended "finished"|"early_stop"|"callback"|"interrupted" Why it ended.
---@field summary string The same in words.
---@field seconds number How long it took. In seconds.
---@field id? string Its name in the store of a run that is recorded.

--- Trains many epochs, with evaluation in between, early stopping and progress on standard error.
---@param options Trainer.run.options
---@return Trainer.run.run run What happened; `print` shows it as a table of its epochs.
function Trainer:run(options) end

--- Trains to the end of the epoch under way, or through a new one.
---@return table report `epoch`, `loss` (mean of the batches, without the L2 term), `terms` (of each the mean, by name), `batches`, `seconds`.
function Trainer:epoch() end

--- Trains one batch; begins a new epoch where the last one ended.
---@return table report `epoch`, `step`, `loss` (before the step, without the L2 term), `terms` (what each added, by name), `size`, `ends_epoch`.
function Trainer:step() end

--- The batches that are left of this epoch, or those of a new one, for a `for` loop.
---@return fun(trainer: Trainer, previous: Batch?): Batch? next_batch What `for` calls: the method.
---@return Trainer trainer The trainer, which `for` hands to it.
function Trainer:batches() end

--- The next batch of this epoch, for loops written by hand; `nil` at its end.
---@param previous? Batch The batch before; none to begin.
---@return Batch|any batch A batch whose `step` trains it.
function Trainer:next_batch(previous) end

---@class (exact) Trainer.measure_sampler.options
---@field repeats? integer How often. Default 20.

--- What the negatives of the next batch cost: the fastest of several repeats. Trains nothing.
---@param options? Trainer.measure_sampler.options
---@return table seconds `first`: what the sampler does before the batch the first time, with all that is due (clusters, orders). `refresh`: the same when the batch is known. `draw`: one negative of the batch. `negatives`: how many it has.
function Trainer:measure_sampler(options) end

--- Writes everything that decides how training goes on to a file, which gets its name only when it is whole.
---@param path string The file; one that is there is replaced.
---@return Trainer trainer The trainer.
function Trainer:save(path) end

--- Goes back to where a trainer stood when it was saved: training goes on with the same bits, at any number of threads.
---@param path string The file.
---@return Trainer trainer The trainer.
function Trainer:load(path) end

--- Releases the native memory now; the handle cannot be used afterwards.
function Trainer:free() end

--- One batch of `trainer:batches()`. `step` trains it. Taken apart, `gradients` leaves everything as it is and `apply` moves the parameters by gradients of this or any other batch of the trainer.
---@class Batch
---@field number integer Its number in the epoch.
---@field epoch integer Its epoch.
---@field users BatchRows The user of each positive, B of them.
---@field positives BatchRows The positives, B of them.
---@field negatives Tensor|Parameter|BatchRows|table `[B, N]`, positions of items from 1: those that the sampler draws, until others are assigned. A loss that reads the sampler's log proposal does without it where they were assigned.
local Batch = {}

--- Trains this batch.
---@return table report `epoch`, `step`, `loss`, `terms`, `size`, `ends_epoch`.
function Batch:step() end

--- Scores the batch. Nothing moves.
---@return table scores `loss` (without the L2 term and others), `positive` `[B]` and `negative` `[B, N]`, the scores of the batch with its dropout, and `boundary` `[B]`, where the model has one.
function Batch:forward() end

--- The gradients of the batch's loss, its L2 term and all others, as a value of their own. Nothing moves.
---@return Gradients gradients By parameter.
function Batch:gradients() end

--- Moves the parameters by gradients, in one step of the optimizer; the batch is trained then.
---@param gradients Gradients Of batches of this trainer: this one's, kept ones, a sum.
---@return table report `epoch`, `step`, `loss`, `terms`, `size`, `ends_epoch`.
function Batch:apply(gradients) end

--- Goes on to the next batch without a step.
---@return table report `epoch`, `step`, `loss`, `terms`, `size`, `ends_epoch`.
function Batch:skip() end

--- Releases the native memory now; the handle cannot be used afterwards.
function Batch:free() end

--- Gradients by parameter, as one vector: those rows of each parameter that have one, 0 for all others.
---@class Gradients
---@field parameters Parameter[] Those with a gradient.
local Gradients = {}

--- Adds other gradients to these.
---@param other Gradients The others; they stay as they are.
---@return Gradients gradients Itself.
function Gradients:add(other) end

--- Multiplies these gradients by a number.
---@param factor number The number.
---@return Gradients gradients Itself.
function Gradients:scale(factor) end

--- The inner product with other gradients, added up in float64.
---@param other Gradients The others.
---@return number product Rows that only one of them has count 0.
function Gradients:dot(other) end

--- The length of all gradients as one vector.
---@return number norm Not negative.
function Gradients:norm() end

--- A copy that `add` and `scale` of these do not reach.
---@return Gradients gradients The copy.
function Gradients:copy() end

--- The gradient of all rows of a parameter.
---@param parameter Parameter The parameter.
---@return Tensor gradient `[rows, columns]`, 0 for rows without a gradient.
function Gradients:tensor(parameter) end

--- Releases the native memory now; the handle cannot be used afterwards.
function Gradients:free() end

--- Numbers (float32) in a grid of any rank. `==` asks whether two are the same object; `eq` compares elements. Where a function takes a tensor it takes a parameter as well, and the users or items of a batch: their positions, from 1.
---@class Tensor
---@field shape integer[] The length of each axis.
---@field rank integer Number of axes.
---@field count integer Number of elements.
---@field gradient Tensor|any What `backward` has brought to this tensor so far; nil before.
---@field recorded boolean Whether operations on this tensor are recorded, so that they can be differentiated.
---@operator add(Tensor|Parameter|BatchRows|number|LossValue): Tensor
---@operator sub(Tensor|Parameter|BatchRows|number|LossValue): Tensor
---@operator mul(Tensor|Parameter|BatchRows|number|LossValue): Tensor
---@operator div(Tensor|Parameter|BatchRows|number|LossValue): Tensor
---@operator pow(Tensor|Parameter|BatchRows|number|LossValue): Tensor
---@operator unm: Tensor
---@operator len: integer
local Tensor = {}

--- e to the power of each element.
---@return Tensor tensor A new tensor.
function Tensor:exp() end

--- Natural logarithm.
---@return Tensor tensor A new tensor.
function Tensor:log() end

--- log(1 + x), exact for small x.
---@return Tensor tensor A new tensor.
function Tensor:log1p() end

--- Square root.
---@return Tensor tensor A new tensor.
function Tensor:sqrt() end

--- x * x.
---@return Tensor tensor A new tensor.
function Tensor:square() end

--- 1 / x.
---@return Tensor tensor A new tensor.
function Tensor:reciprocal() end

--- Absolute value.
---@return Tensor tensor A new tensor.
function Tensor:abs() end

--- -1, 0 or 1.
---@return Tensor tensor A new tensor.
function Tensor:sign() end

--- Sine.
---@return Tensor tensor A new tensor.
function Tensor:sin() end

--- Cosine.
---@return Tensor tensor A new tensor.
function Tensor:cos() end

--- Hyperbolic tangent.
---@return Tensor tensor A new tensor.
function Tensor:tanh() end

--- 1 / (1 + exp(-x)).
---@return Tensor tensor A new tensor.
function Tensor:sigmoid() end

--- The larger of x and 0.
---@return Tensor tensor A new tensor.
function Tensor:relu() end

--- log(1 + exp(x)), finite for every finite x.
---@return Tensor tensor A new tensor.
function Tensor:softplus() end

--- log(sigmoid(x)), finite for every finite x.
---@return Tensor tensor A new tensor.
function Tensor:logsigmoid() end

--- The next whole number below.
---@return Tensor tensor A new tensor.
function Tensor:floor() end

--- The next whole number above.
---@return Tensor tensor A new tensor.
function Tensor:ceil() end

--- The nearest whole number, halves to the even one.
---@return Tensor tensor A new tensor.
function Tensor:round() end

--- 1 for a number, 0 for infinity and NaN.
---@return Tensor tensor A new tensor.
function Tensor:is_finite() end

--- x to the power of y; NaN for a negative x and a y that is not whole.
---@param y Tensor|Parameter|BatchRows|number The other; both broadcast.
---@return Tensor tensor A new tensor.
function Tensor:pow(y) end

--- The smaller of two elements; NaN where either is.
---@param y Tensor|Parameter|BatchRows|number The other; both broadcast.
---@return Tensor tensor A new tensor.
function Tensor:minimum(y) end

--- The larger of two elements; NaN where either is.
---@param y Tensor|Parameter|BatchRows|number The other; both broadcast.
---@return Tensor tensor A new tensor.
function Tensor:maximum(y) end

--- Each element brought into a range; NaN stays.
---@param low? number No element is less.
---@param high? number No element is more.
---@return Tensor tensor A new tensor.
function Tensor:clamp(low, high) end

--- 1 where x < y, else 0.
---@param y Tensor|Parameter|BatchRows|number The other; both broadcast.
---@return Tensor tensor A new tensor.
function Tensor:lt(y) end

--- 1 where x <= y, else 0.
---@param y Tensor|Parameter|BatchRows|number The other; both broadcast.
---@return Tensor tensor A new tensor.
function Tensor:le(y) end

--- 1 where x > y, else 0.
---@param y Tensor|Parameter|BatchRows|number The other; both broadcast.
---@return Tensor tensor A new tensor.
function Tensor:gt(y) end

--- 1 where x >= y, else 0.
---@param y Tensor|Parameter|BatchRows|number The other; both broadcast.
---@return Tensor tensor A new tensor.
function Tensor:ge(y) end

--- 1 where x = y, else 0.
---@param y Tensor|Parameter|BatchRows|number The other; both broadcast.
---@return Tensor tensor A new tensor.
function Tensor:eq(y) end

--- 1 where x and y differ, else 0.
---@param y Tensor|Parameter|BatchRows|number The other; both broadcast.
---@return Tensor tensor A new tensor.
function Tensor:ne(y) end

---@class (exact) Tensor.sum.options
---@field keep? boolean Whether the axes stay with length 1, so that the result broadcasts. Default false.

--- The sum, accumulated in float64; 0 of no elements.
---@param axis? integer|integer[] The axis or axes that go; all of them if it is left out.
---@param options? Tensor.sum.options
---@return Tensor tensor A new tensor; of rank 0 where no axis is left.
function Tensor:sum(axis, options) end

---@class (exact) Tensor.mean.options
---@field keep? boolean Whether the axes stay with length 1, so that the result broadcasts. Default false.

--- The mean; of no elements an error.
---@param axis? integer|integer[] The axis or axes that go; all of them if it is left out.
---@param options? Tensor.mean.options
---@return Tensor tensor A new tensor; of rank 0 where no axis is left.
function Tensor:mean(axis, options) end

---@class (exact) Tensor.prod.options
---@field keep? boolean Whether the axes stay with length 1, so that the result broadcasts. Default false.

--- The product; 1 of no elements.
---@param axis? integer|integer[] The axis or axes that go; all of them if it is left out.
---@param options? Tensor.prod.options
---@return Tensor tensor A new tensor; of rank 0 where no axis is left.
function Tensor:prod(axis, options) end

---@class (exact) Tensor.min.options
---@field keep? boolean Whether the axes stay with length 1, so that the result broadcasts. Default false.

--- The smallest element; NaN where there is one. Of no elements an error.
---@param axis? integer|integer[] The axis or axes that go; all of them if it is left out.
---@param options? Tensor.min.options
---@return Tensor tensor A new tensor; of rank 0 where no axis is left.
function Tensor:min(axis, options) end

---@class (exact) Tensor.max.options
---@field keep? boolean Whether the axes stay with length 1, so that the result broadcasts. Default false.

--- The largest element; NaN where there is one. Of no elements an error.
---@param axis? integer|integer[] The axis or axes that go; all of them if it is left out.
---@param options? Tensor.max.options
---@return Tensor tensor A new tensor; of rank 0 where no axis is left.
function Tensor:max(axis, options) end

---@class (exact) Tensor.variance.options
---@field keep? boolean Whether the axes stay with length 1, so that the result broadcasts. Default false.
---@field correction? integer Divided by n - correction: 0 for the population's, 1 for the sample's. Default 0.

--- Mean squared distance from the mean; an error unless there are more elements than `correction`.
---@param axis? integer|integer[] The axis or axes that go; all of them if it is left out.
---@param options? Tensor.variance.options
---@return Tensor tensor A new tensor; of rank 0 where no axis is left.
function Tensor:variance(axis, options) end

---@class (exact) Tensor.std.options
---@field keep? boolean Whether the axes stay with length 1, so that the result broadcasts. Default false.
---@field correction? integer Divided by n - correction: 0 for the population's, 1 for the sample's. Default 0.

--- Standard deviation, the root of the variance.
---@param axis? integer|integer[] The axis or axes that go; all of them if it is left out.
---@param options? Tensor.std.options
---@return Tensor tensor A new tensor; of rank 0 where no axis is left.
function Tensor:std(axis, options) end

---@class (exact) Tensor.norm.options
---@field keep? boolean Whether the axes stay with length 1, so that the result broadcasts. Default false.
---@field order? number 1: sum of |x|. 2: root of the sum of squares. math.huge: the largest |x|. Default 2.

--- Length as a vector; 0 of no elements.
---@param axis? integer|integer[] The axis or axes that go; all of them if it is left out.
---@param options? Tensor.norm.options
---@return Tensor tensor A new tensor; of rank 0 where no axis is left.
function Tensor:norm(axis, options) end

---@class (exact) Tensor.argmin.options
---@field keep? boolean Whether the axes stay with length 1, so that the result broadcasts. Default false.

--- Position, from 1, of the smallest element; of the first among equals.
---@param axis? integer The axis that goes; if it is left out, all are seen as one.
---@param options? Tensor.argmin.options
---@return Tensor tensor A new tensor; of rank 0 where no axis is left.
function Tensor:argmin(axis, options) end

---@class (exact) Tensor.argmax.options
---@field keep? boolean Whether the axes stay with length 1, so that the result broadcasts. Default false.

--- Position, from 1, of the largest element; of the first among equals.
---@param axis? integer The axis that goes; if it is left out, all are seen as one.
---@param options? Tensor.argmax.options
---@return Tensor tensor A new tensor; of rank 0 where no axis is left.
function Tensor:argmax(axis, options) end

---@class (exact) Tensor.logsumexp.options
---@field keep? boolean Whether the axes stay with length 1, so that the result broadcasts. Default false.

--- log of the sum of exp(x), exact for large values.
---@param axis? integer Along which. Default -1.
---@param options? Tensor.logsumexp.options
---@return Tensor tensor A new tensor; of rank 0 where no axis is left.
function Tensor:logsumexp(axis, options) end

--- exp(x) divided by its sum.
---@param axis? integer Along which. Default -1.
---@return Tensor tensor Of the same shape.
function Tensor:softmax(axis) end

--- The logarithm of softmax, exact for large values.
---@param axis? integer Along which. Default -1.
---@return Tensor tensor Of the same shape.
function Tensor:logsoftmax(axis) end

--- x where it is positive, else slope * x.
---@param slope? number Factor of what is negative. Default 0.01.
---@return Tensor tensor A new tensor.
function Tensor:leaky_relu(slope) end

---@class (exact) Tensor.dropout.options
---@field rate number Probability that an element is dropped.
---@field seed integer The same seed and position drop the same elements.
---@field position? integer A further coordinate of the random numbers, such as the step. Default 0.

--- Each element is 0 with probability `rate`, else divided by 1 - rate.
---@param options Tensor.dropout.options
---@return Tensor tensor A new tensor.
function Tensor:dropout(options) end

---@class (exact) Tensor.normalize.options
---@field floor? number The least that is divided by. Default 1e-12.

--- x / max(norm of x, floor) along an axis: rows of length 1.
---@param axis? integer Along which the length is taken. Default -1.
---@param options? Tensor.normalize.options
---@return Tensor tensor A new tensor.
function Tensor:normalize(axis, options) end

--- Running sums along an axis: element i is the sum of the elements up to i.
---@param axis? integer Along which. Default -1.
---@return Tensor tensor A new tensor.
function Tensor:cumsum(axis) end

--- For each segment the sum of the rows (positions of the first axis) that belong to it; 0 where there are none.
---@param segments integer[]|Tensor|Parameter|BatchRows For each row its segment, from 1.
---@param count integer Number of segments.
---@return Tensor tensor A new tensor.
function Tensor:segment_sum(segments, count) end

--- For each segment the mean of the rows (positions of the first axis) that belong to it; 0 where there are none.
---@param segments integer[]|Tensor|Parameter|BatchRows For each row its segment, from 1.
---@param count integer Number of segments.
---@return Tensor tensor A new tensor.
function Tensor:segment_mean(segments, count) end

--- The elements in row-major order in another shape. A copy where no view can show them so.
---@param shape integer|integer[] The new lengths; one may be -1 and is computed.
---@return Tensor view Sees the same elements: a write to one shows in the other.
function Tensor:reshape(shape) end

--- All elements on one axis.
---@return Tensor view Sees the same elements: a write to one shows in the other.
function Tensor:flatten() end

--- Two axes exchanged; of a matrix, its transpose.
---@param first? integer One axis. Default -2.
---@param second? integer The other. Default -1.
---@return Tensor view Sees the same elements: a write to one shows in the other.
function Tensor:transpose(first, second) end

--- The axes in another order.
---@param axes integer[] Each axis once.
---@return Tensor view Sees the same elements: a write to one shows in the other.
function Tensor:permute(axes) end

--- Axes of length 1 (or missing in front) stretched, without copying.
---@param shape integer|integer[] The new lengths.
---@return Tensor view Sees the same elements: a write to one shows in the other.
function Tensor:expand(shape) end

--- With a new axis of length 1.
---@param axis integer The place that it takes; rank + 1 or -1 is the end.
---@return Tensor view Sees the same elements: a write to one shows in the other.
function Tensor:unsqueeze(axis) end

--- Without the axes of length 1, or without the one that is named.
---@param axis? integer An axis of length 1.
---@return Tensor view Sees the same elements: a write to one shows in the other.
function Tensor:squeeze(axis) end

--- A part of each axis; axes that are not mentioned are taken whole.
---@param ranges (integer|integer[])[] For each axis a position (the axis goes), `{ from, to }`, `{ from, to, step }` or `{}` for all.
---@return Tensor view Sees the same elements: a write to one shows in the other.
function Tensor:slice(ranges) end

--- Chosen rows (positions of the first axis), in that order and as often as they are named.
---@param positions integer[]|Tensor|Parameter|BatchRows From 1; negative ones count from the end.
---@return Tensor tensor A new tensor.
function Tensor:gather(positions) end

--- The matrix product of the last two axes; axes before them broadcast.
---@param right Tensor|Parameter|BatchRows `[..., m, p]`, or `[m]`.
---@return Tensor tensor A new tensor.
function Tensor:matmul(right) end

---@class (exact) Tensor.sort.options
---@field descending? boolean Whether the largest comes first. Default false.

--- The elements along an axis in order; NaN comes last.
---@param axis? integer Along which. Default -1.
---@param options? Tensor.sort.options
---@return Tensor sorted Of the same shape.
function Tensor:sort(axis, options) end

---@class (exact) Tensor.argsort.options
---@field descending? boolean Whether the largest comes first. Default false.

--- The positions, from 1, of the elements in order; equal ones keep theirs.
---@param axis? integer Along which. Default -1.
---@param options? Tensor.argsort.options
---@return Tensor positions Of the same shape.
function Tensor:argsort(axis, options) end

---@class (exact) Tensor.topk.options
---@field largest? boolean false for the smallest. Default true.

--- The k largest (or smallest) elements along an axis, best first.
---@param k integer How many.
---@param axis? integer Along which. Default -1.
---@param options? Tensor.topk.options
---@return Tensor values The elements.
---@return Tensor positions Where they are, from 1.
function Tensor:topk(k, axis, options) end

--- The only element, as a number of Lua.
---@return number value The element.
function Tensor:item() end

--- The elements in nested tables; of rank 0 the number.
---@return table|number table Plain numbers.
function Tensor:totable() end

--- The same elements in memory of their own.
---@return Tensor tensor A new tensor.
function Tensor:copy() end

--- Writes a NumPy `.npy` file (float32), which appears under its name when it is complete.
---@param path string The file.
---@return Tensor self This tensor.
function Tensor:write_npy(path) end

--- Writes into this tensor and all views of it.
---@param value number|Tensor|Parameter|BatchRows|table A number, tensor or nested table; it broadcasts.
---@return Tensor self This tensor.
function Tensor:assign(value) end

--- From here on records what is computed from this tensor, so that it can be differentiated.
---@return Tensor self This tensor.
function Tensor:requires_gradient() end

--- The same elements without their history: nothing flows back through the result.
---@return Tensor view Sees the same elements.
function Tensor:detach() end

---@class (exact) Tensor.backward.options
---@field gradient? Tensor What each element of the result counts; needed where it is not a single number.
---@field retain_graph? boolean Whether the graph may be used again; otherwise its memory is freed on the way. Default false.
---@field create_graph? boolean Whether the gradients can themselves be differentiated. Also retains the graph. Default false.

--- Adds the derivatives of this tensor to `gradient` of every tensor that it depends on and that requires one.
---@param options? Tensor.backward.options
function Tensor:backward(options) end

--- Forgets what `backward` has brought.
---@return Tensor self This tensor.
function Tensor:clear_gradient() end

--- Releases the native memory now; the handle cannot be used afterwards.
function Tensor:free() end

--- A matrix most of whose elements are 0.
---@class SparseMatrix
---@field shape integer[] Rows and columns.
---@field count integer Number of entries.
local SparseMatrix = {}

--- This matrix times a dense one, differentiable with respect to the dense one.
---@param dense Tensor|Parameter|BatchRows `[columns, ...]`.
---@return Tensor tensor A new tensor.
function SparseMatrix:matmul(dense) end

--- The transpose of this matrix times a dense one.
---@param dense Tensor|Parameter|BatchRows `[rows, ...]`.
---@return Tensor tensor A new tensor.
function SparseMatrix:transposed_matmul(dense) end

--- Releases the native memory now; the handle cannot be used afterwards.
function SparseMatrix:free() end

--- The scores of a batch, given to a loss. B positives, each with N negatives.
---@class LossScores
---@field positive LossValue Score of each positive: one number a positive.
---@field negative LossValue Score of each negative: N numbers a positive.
---@field boundary LossValue The user's boundary: one number a positive; an error where the model has none.
---@field item_scores LossValue Score of each negative as seen from the positive item: N numbers a positive; an error where the model does not score items against each other.
---@field log_proposal LossValue Logarithm of the sampler's unnormalized proposal of each negative: N numbers a positive, a constant; nil where the sampler gives none.
---@field positive_log_proposal LossValue Logarithm of the sampler's unnormalized proposal of each positive: one number a positive, a constant; nil where the sampler gives none.
---@field trials LossValue Items that the sampler drew until it found the negative, 0 where it found none: one number a positive, a constant; nil where the sampler counts none.
---@field known LossValue 1 for each negative that the user has in the train part, 0 for the others: N numbers a positive, a constant; an error where there is no train part.
---@field weight LossValue Weight of each positive: one number a positive, a constant; nil where the trainer has no weight, or one of each triplet.
---@field triplet_weight LossValue Weight of each positive with each of its negatives: N numbers a positive, a constant; nil where the trainer's weight gives none.
---@field users LossRows The users of the batch, to read a parameter of users.
---@field positive_items LossRows The positive items, to read a parameter of items.
---@field negative_items LossRows The negative items, to read a parameter of items.
---@field epoch integer The epoch, from 1.
---@field step integer The batch, from 1, over all epochs.
---@field batch_size integer Positives in this batch, B; an epoch's last batch may have fewer.
---@field negative_count integer Negatives of each positive, N.
local LossScores = {}

--- Releases the native memory now; the handle cannot be used afterwards.
function LossScores:free() end

--- A value of a loss: one number, one for each positive, or one for each negative. Where two kinds meet, the lower one is repeated. It is a record of what the loss does, which is compiled and then run on the scores.
---@class LossValue
---@field kind "scalar"|"row"|"plane" scalar: one number. row: one for each positive. plane: one for each negative.
---@operator add(LossValue|number|Parameter|Tensor): LossValue
---@operator sub(LossValue|number|Parameter|Tensor): LossValue
---@operator mul(LossValue|number|Parameter|Tensor): LossValue
---@operator div(LossValue|number|Parameter|Tensor): LossValue
---@operator pow(LossValue|number|Parameter|Tensor): LossValue
---@operator unm: LossValue
local LossValue = {}

--- e to the power of each number.
---@return LossValue value A new value.
function LossValue:exp() end

--- Natural logarithm.
---@return LossValue value A new value.
function LossValue:log() end

--- log(1 + x), exact for small x.
---@return LossValue value A new value.
function LossValue:log1p() end

--- Square root.
---@return LossValue value A new value.
function LossValue:sqrt() end

--- x * x.
---@return LossValue value A new value.
function LossValue:square() end

--- 1 / x.
---@return LossValue value A new value.
function LossValue:reciprocal() end

--- Absolute value.
---@return LossValue value A new value.
function LossValue:abs() end

--- -1, 0 or 1; no derivative passes.
---@return LossValue value A new value.
function LossValue:sign() end

--- Hyperbolic tangent.
---@return LossValue value A new value.
function LossValue:tanh() end

--- 1 / (1 + exp(-x)).
---@return LossValue value A new value.
function LossValue:sigmoid() end

--- The larger of x and 0.
---@return LossValue value A new value.
function LossValue:relu() end

--- log(1 + exp(x)), finite for every finite x.
---@return LossValue value A new value.
function LossValue:softplus() end

--- log(sigmoid(x)), finite for every finite x.
---@return LossValue value A new value.
function LossValue:logsigmoid() end

--- The smaller of two numbers; equal ones share the derivative.
---@param y LossValue|number|Parameter|Tensor The other; the one of lower kind is repeated.
---@return LossValue value A new value.
function LossValue:minimum(y) end

--- The larger of two numbers; equal ones share the derivative.
---@param y LossValue|number|Parameter|Tensor The other; the one of lower kind is repeated.
---@return LossValue value A new value.
function LossValue:maximum(y) end

--- x to the power of y; NaN for a negative x and a y that is not whole.
---@param y LossValue|number|Parameter|Tensor The other; the one of lower kind is repeated.
---@return LossValue value A new value.
function LossValue:pow(y) end

--- 1 where x < y, else 0.
---@param y LossValue|number|Parameter|Tensor The other; the one of lower kind is repeated.
---@return LossValue value A new value.
function LossValue:lt(y) end

--- 1 where x <= y, else 0.
---@param y LossValue|number|Parameter|Tensor The other; the one of lower kind is repeated.
---@return LossValue value A new value.
function LossValue:le(y) end

--- 1 where x > y, else 0.
---@param y LossValue|number|Parameter|Tensor The other; the one of lower kind is repeated.
---@return LossValue value A new value.
function LossValue:gt(y) end

--- 1 where x >= y, else 0.
---@param y LossValue|number|Parameter|Tensor The other; the one of lower kind is repeated.
---@return LossValue value A new value.
function LossValue:ge(y) end

--- 1 where x = y, else 0.
---@param y LossValue|number|Parameter|Tensor The other; the one of lower kind is repeated.
---@return LossValue value A new value.
function LossValue:eq(y) end

--- 1 where x and y differ, else 0.
---@param y LossValue|number|Parameter|Tensor The other; the one of lower kind is repeated.
---@return LossValue value A new value.
function LossValue:ne(y) end

--- The sum.
---@param axis? "negatives"|"batch" "negatives": one number a positive is left. "batch", of one number a positive: one number is left. Left out: over everything.
---@return LossValue value A new value.
function LossValue:sum(axis) end

--- The mean.
---@param axis? "negatives"|"batch" "negatives": one number a positive is left. "batch", of one number a positive: one number is left. Left out: over everything.
---@return LossValue value A new value.
function LossValue:mean(axis) end

--- The largest number; equal ones share the derivative.
---@param axis? "negatives"|"batch" "negatives": one number a positive is left. "batch", of one number a positive: one number is left. Left out: over everything.
---@return LossValue value A new value.
function LossValue:max(axis) end

--- The smallest number; equal ones share the derivative.
---@param axis? "negatives"|"batch" "negatives": one number a positive is left. "batch", of one number a positive: one number is left. Left out: over everything.
---@return LossValue value A new value.
function LossValue:min(axis) end

--- log of the sum of exp(x), exact for large values.
---@param axis? "negatives"|"batch" "negatives": one number a positive is left. "batch", of one number a positive: one number is left. Left out: over everything.
---@return LossValue value A new value.
function LossValue:logsumexp(axis) end

--- exp(x) divided by its sum.
---@param axis? "negatives"|"batch" Along which. Default "negatives".
---@return LossValue value A new value.
function LossValue:softmax(axis) end

--- The logarithm of softmax, exact for large values.
---@param axis? "negatives"|"batch" Along which. Default "negatives".
---@return LossValue value A new value.
function LossValue:logsoftmax(axis) end

--- Position in ascending order, from 1; of equal ones the first comes first. No derivative passes.
---@param axis? "negatives"|"batch" Along which; left out: all numbers of the batch together.
---@return LossValue value A new value.
function LossValue:rank(axis) end

--- Sums of a positive's negatives so far, each included.
---@param axis? "negatives" Along which. Default "negatives".
---@return LossValue value A new value.
function LossValue:cumsum(axis) end

--- Each number brought into a range; NaN stays.
---@param low? number No number is less.
---@param high? number No number is more.
---@return LossValue value A new value.
function LossValue:clamp(low, high) end

--- x, but slope * x below 0.
---@param slope? number The slope below 0. Default 0.01.
---@return LossValue value A new value.
function LossValue:leaky_relu(slope) end

--- The same numbers, through which no derivative passes.
---@return LossValue value A new value.
function LossValue:stop_gradient() end

--- Of one number a positive: the sum over the positives of the batch with the same user.
---@return LossValue value A new value.
function LossValue:same_user_sum() end

--- Of one number a positive: the mean over the positives of the batch with the same user.
---@return LossValue value A new value.
function LossValue:same_user_mean() end

--- Of one number a positive: the largest among the positives of the batch with the same user.
---@return LossValue value A new value.
function LossValue:same_user_max() end

--- The numbers as a tensor: `[]`, `[B]` of one number a positive, `[B, N]` of one for each negative.
---@return Tensor tensor It requires a gradient where the value does.
function LossValue:tensor() end

--- Releases the native memory now; the handle cannot be used afterwards.
function LossValue:free() end

--- The users or items of a batch, in brackets behind a parameter: `margin[s.users]`.
---@class LossRows
local LossRows = {}

--- Releases the native memory now; the handle cannot be used afterwards.
function LossRows:free() end

--- A trial of a search that is under way, with one of its seeds.
---@class Trial
---@field number integer Which of the study's trials it is, from 1.
---@field seed integer The seed of this run: for the model, the trainer, and what else draws.
---@field study string The study's name.
---@field pruned boolean Whether it was found not to be worth more epochs.
local Trial = {}

--- Notes the value after an epoch, and says whether to go on.
---@param epoch integer The epoch, behind the last one that was reported.
---@param value number The value after it.
---@return boolean goes_on Whether to train on.
function Trial:report(epoch, value) end

--- A function for `on_epoch` of `trainer:run` and `model:fit` that reports a metric after each evaluation and ends the run of a trial that is pruned.
---@param metric? string One of those that `evaluate` measures; the only one by default.
---@return fun(report: table): boolean on_epoch The function.
function Trial:watch(metric) end

--- Releases the native memory now; the handle cannot be used afterwards.
function Trial:free() end

--- A search and what it has found.
---@class Study
---@field name string Its name in the store.
---@field trials table[] All trials by number, as they stand now: `number`, `state` (running, waiting, finished, pruned or failed), `value`, `values` by seed, `settings`, `message`, `runs` (identifiers), `seconds`.
---@field goal string maximize or minimize.
---@field interrupted boolean Whether Ctrl-C ended the search.
---@field store RunStore The store that has it.
local Study = {}

--- The finished trial with the best value, of equal ones the first; nil where none has finished.
---@return table trial The trial.
function Study:best() end

---@class (exact) Study.table.options
---@field sort? "value"|"number" value: the best first, those that did not finish behind. number: as they began. Default "value".
---@field limit? integer Trials at most.

--- The trials as tables; `print` shows them as one table.
---@param options? Study.table.options
---@return table[] trials The trials.
function Study:table(options) end

--- How much of the variance of the trials' values goes with each setting by itself.
---
--- share = max(0, (S_between - (k - 1) S_within / (n - k)) / S_total), of k groups of n trials
--- Source: Kelley, PNAS 1935 (epsilon squared)
---@return table[] settings Those with the largest shares first: `name`, `share`, `trials`, `best` (the best group, in words), `mean` there.
function Study:importance() end

--- Releases the native memory now; the handle cannot be used afterwards.
function Study:free() end

--- Interactions of users with items, with the identifiers they came with. It does not change: filters make new ones.
---@class Dataset
---@field name string Name, as it was opened.
---@field user_count integer Users.
---@field item_count integer Items.
---@field count integer Interactions.
---@field has_ratings boolean Whether interactions have ratings.
---@field has_times boolean Whether interactions have times.
---@field has_titles boolean Whether items have titles.
---@field has_split boolean Whether it comes with a split of its own.
---@field checksum string A hash of the files' bytes: the same data, the same checksum.
local Dataset = {}

---@class (exact) Dataset.split.options
---@field kind "given"|"ratio"|"temporal"|"leave_one_out"|"kfold" The rule.
---@field test? number Share of test: 0.2 if left out (`ratio`, `temporal`).
---@field valid? number|boolean Share of validation, 0 if left out; of the train part with `given` and `kfold`. True or false with `leave_one_out`.
---@field by? "random"|"latest" Which of a user's interactions go to test, `random` if left out; `latest`: the last by time, those before them to validation, equally late ones as the seed draws them (`ratio`, `leave_one_out`).
---@field too_few? "train"|"drop"|"error" What becomes of users with fewer interactions than one for each part, `train` if left out: they train with what they have; `drop`: they are in no part, and a warning says how many; `error` (`leave_one_out`).
---@field folds? integer How many folds, 5 if left out (`kfold`).
---@field fold? integer Which fold is test, 1 if left out (`kfold`).
---@field test_from? integer|string Test begins at this time, in the data's unit, or a date: `2021-10-01`, `2021-10-01 12:30:00` (UTC) or `2021-10-01T12:30:00+02:00` (`temporal`).
---@field valid_from? integer|string Validation begins at this time (`temporal`, with `test_from`).
---@field seed? integer Of the random choices, 0 if left out.

--- Cuts the set into what is trained on, what selects and what is reported.
---@param options Dataset.split.options
---@return Split split The parts.
function Dataset:split(options) end

---@class (exact) Dataset.filter.options
---@field min_rating? number Keep ratings of at least this.
---@field rating_above? number Keep ratings above this.
---@field from? integer|string Keep what happened at this time or later: in the data's unit, or a date as `2015-01-01`.
---@field before? integer|string Keep what happened before this time.
---@field keep? fun(interaction: { user: string, item: string, rating?: number, time?: integer }): boolean Is called once an interaction and says whether it stays: true or false, nothing else.
---@field min_per_user? integer Keep users with at least so many interactions. Default 0.
---@field min_per_item? integer Keep items with at least so many interactions. Default 0.
---@field passes? "until_stable"|"users_then_items"|"items_then_users" Until every user and item that stays has its minimum (the k-core), or once each in this order. Default "until_stable".

--- A new data set with the interactions, users and items that pass.
---@param options? Dataset.filter.options
---@return Dataset dataset The new data set.
function Dataset:filter(options) end

--- Numbers that describe the set, as papers print them.
---@return table statistics `users`, `items`, `interactions`, `density`, `duplicates`, `bad_lines`; `per_user` and `per_item` with `min`, `median`, `mean`, `max`, `zeros`, `gini`; where there are any `parts`, `ratings` and `times`.
function Dataset:statistics() end

--- Identifiers of all users.
---@return string[] users In the order of the data.
function Dataset:users() end

--- Identifiers of all items.
---@return string[] items In the order of the data.
function Dataset:items() end

--- Identifiers of the items of a user.
---@param user string|integer Identifier of the user.
---@return string[] items In the order of the data.
function Dataset:items_of(user) end

--- Identifiers of the users of an item.
---@param item string|integer Identifier of the item.
---@return string[] users In the order of the data.
function Dataset:users_of(item) end

--- Whether a user has an item.
---@param user string|integer Identifier of the user.
---@param item string|integer Identifier of the item.
---@return boolean has True or false.
function Dataset:has(user, item) end

--- The rating of an interaction.
---@param user string|integer Identifier of the user.
---@param item string|integer Identifier of the item.
---@return number rating Or nil where there is no such interaction, or no rating.
function Dataset:rating(user, item) end

--- The time of an interaction, in the data's unit.
---@param user string|integer Identifier of the user.
---@param item string|integer Identifier of the item.
---@return integer time Or nil where there is no such interaction, or no time.
function Dataset:time(user, item) end

--- The title of an item.
---@param item string|integer Identifier of the item.
---@return string title Or nil where it has none.
function Dataset:title(item) end

---@class (exact) Dataset.find.options
---@field k? integer How many at most; those that most users have. Default 20.

--- Items whose titles hold a text, in upper or lower case.
---@param text string What is looked for.
---@param options? Dataset.find.options
---@return table items Most users first: `item`, `title` and `users`, how many have it.
function Dataset:find(text, options) end

--- The name of a user.
---@param user string|integer Identifier of the user.
---@return string name Or nil where there is none.
function Dataset:user_name(user) end

--- The planted interests of a user of a synthetic set.
---@param user string|integer Identifier of the user.
---@return integer[] interests From 1, or nil where the set is not synthetic.
function Dataset:interests_of(user) end

--- The interest that an item of a synthetic set serves.
---@param item string|integer Identifier of the item.
---@return integer interest From 1, or nil where the set is not synthetic.
function Dataset:interest_of(item) end

--- Where the set came from and what was found on the way, for a report.
---@return table provenance `files`, `format`, `checksum`, `duplicates`, `bad_lines`, `bad_line_examples`, `notes`, `warnings`, `cached`.
function Dataset:provenance() end

--- Releases the native memory now; the handle cannot be used afterwards.
function Dataset:free() end

--- A data set cut into train, valid and test. Nothing may be selected on test.
---@class Split
---@field dataset Dataset What was cut.
---@field rule string How, as a script would write it.
---@field user_count integer Users.
---@field item_count integer Items.
---@field train_count integer Interactions to train on.
---@field valid_count integer Interactions that select.
---@field test_count integer Interactions that are reported.
---@field dropped_users integer Users who have interactions, but none in any part.
---@field has_candidates boolean Whether it comes with published lists for sampled evaluation.
local Split = {}

--- Identifiers of the items of a user in a part.
---@param user string|integer Identifier of the user.
---@param part? "train"|"valid"|"test" The part: `train`, `valid` or `test`. Default "train".
---@return string[] items In the order of the data.
function Split:items_of(user, part) end

--- Identifiers of the users that have an interaction in a part.
---@param part? "train"|"valid"|"test" The part: `train`, `valid` or `test`. Default "train".
---@return string[] users In the order of the data.
function Split:users(part) end

--- The published candidates of a user for sampled evaluation.
---@param user string|integer Identifier of the user.
---@return string[] items As published, or nil where there are none.
function Split:candidates_of(user) end

---@class (exact) Split.matrix.options
---@field normalize? "none"|"symmetric"|"row" none: ones. symmetric: D^-1/2 B D^-1/2, as LightGCN. row: D^-1 (B + I). Default "none".

--- The train part as a graph: a sparse matrix of all nodes, users first, with an entry for each pair and its mirror.
---@param options? Split.matrix.options
---@return SparseMatrix matrix `[users + items, users + items]`.
function Split:matrix(options) end

--- Writes the split as a folder of text files, for other programs and to be opened again as the same split.
---@param folder string The folder; those above it are made.
---@return Split split The split.
function Split:save(folder) end

--- Releases the native memory now; the handle cannot be used afterwards.
function Split:free() end

--- A model.
---@class Model
---@field users integer Count of users.
---@field items integer Count of items.
---@field parameters table<string, Parameter> What is learned, by name.
---@field name string Its name.
---@field dim integer Length of a row; nil where the model has no rows.
---@field score_function "dot"|"cosine"|"euclidean" How two rows make a score.
---@field dropout number|Schedule|(fun(epoch: integer, step: integer): number) Share of a user's row that is dropped in training.
local Model = {}

--- The score of one item for one user, both by the data set's identifiers.
---@param user string|integer Identifier of the user.
---@param item string|integer Identifier of the item.
---@return number score The score as parameters stand now.
function Model:score(user, item) end

---@class (exact) Model.fit.options.evaluate.candidates
---@field count integer Items that are drawn for each user.
---@field seed? integer Of the draw. Default 0.

---@class (exact) Model.fit.options.evaluate
---@field every? integer Epochs between two evaluations. Default 1.
---@field on? "test"|"valid" The part whose items are looked for. Default "valid".
---@field metrics? string|table Names such as `recall@20`, and functions by a name of their own: `{ "ndcg@20", rare = function(list, truth, user) ... end }`. A function gets the user's list, identifiers best first; the items looked for as a table `{ [item] = true }`; and the user. It is called for each user when all are ranked, and returns a number, of which the mean is taken. Default { "recall@20", "ndcg@20" }.
---@field length? integer Items in the list that a function of `metrics` gets, 20 if left out; `["novelty@10"] = function ...` says it for one.
---@field users? (string|integer)[]|(fun(user: string): boolean) Who is evaluated, of those with items in the part: identifiers, or a function that says it of each.
---@field groups? "activity"|(fun(user: string): string|integer|nil) The name of the group that a user belongs to, or nil for none; "activity": quarters of the users by how many items they have in the train part, 1 the least active. The means of each group stand in `groups` beside those of all.
---@field item_groups? "popularity"|(fun(item: string): string|integer|nil) The same of items: what is looked for of each group is measured by itself, by metrics of hits; "popularity": quarters of the train interactions by how many users have their items, 1 the least popular items. Stands in `item_groups`.
---@field ties? "order"|"against" Which of two items with equal scores stands first. `order`: the one that the data has first. `against`: the one that is not looked for, so that equal scores win nothing. Default "order".
---@field mask? "auto"|"train"|"train+valid"|"none" What a list must not contain. `auto`: the train items, and when testing those of the validation part too where there is one. Default "auto".
---@field candidates? string|Model.fit.options.evaluate.candidates|table What is ranked. `all`: every item. `{ count = 100, seed = 1 }`: for each user so many distinct items that the user has in no part, drawn once by the seed, the same for every part and model. `given`: the lists that came with the data. A table from users to lists of items; or the path of a file with lines `user item item ...`, or NCF's `(user,item) item ...`. Only the scores of candidates are computed, and lists are ranked as they are unless `mask` says otherwise. Numbers compare with others of the same candidates alone. Default "all".
---@field repeats? "once"|"each" How often a candidate counts that a list holds twice, or that is looked for itself: `once`, as in NCF's code, or `each` time that it is listed, as in UIB's. Default "once".
---@field any_split? boolean Whether a model that was trained on another split than this is taken: what it saw there may be among what is looked for. Default false.

---@class (exact) Model.fit.options
---@field epochs? integer Passes over all users and items; of wrmf only.
---@field evaluate? Model.fit.options.evaluate Evaluation during the run.
---@field patience? integer Evaluations without improvement that end the run.
---@field monitor? string The metric that early stopping watches, of a group `ndcg@10/group`; the first by default.
---@field min_improvement? number What counts as improvement. Default 0.
---@field select_on_test? boolean Allows early stopping on the test part, as some published codes do. Default false.
---@field progress? boolean Whether each epoch is told on standard error. Default true.
---@field on_epoch? fun(report: table): boolean? Called after every epoch with `epoch`, `objective`, `seconds` and `metrics`; return false to end the fit.
---@field log? string A log that gets loss, terms, metrics and seconds as soon as an epoch is over: a table `FILE.csv`, or a folder of event files for TensorBoard. It goes on where the run goes on; of epochs that are trained anew it has the new numbers.
---@field log_format? "csv"|"tensorboard" csv or tensorboard; by the name of the log if left out.
---@field store? boolean|string Whether the run is recorded: a store's file, or true for `$PERIGEE_STORE` or else `~/.perigee/runs.sqlite`. By default it is where `$PERIGEE_STORE` is set, as `perigee run --record` and `--store FILE` do.
---@field name? string The run's name in the store, shared by runs that differ in the seed alone; that of the model and the loss by default.
---@field tags? string|string[] The run's tags in the store.
---@field notes? string Notes on the run, for the store.

---@class (exact) Model.fit.run.best
---@field epoch integer Its number.
---@field metric string The metric that was watched.
---@field on string The part that was measured.
---@field value number What the metric was.

---@class (exact) Model.fit.run
---@field epochs table[] A report of each: `epoch`, `loss` (of a solver `objective`), `seconds`, `metrics` by name where it was evaluated, and `weights` where triplets' weights were learned.
---@field best? Model.fit.run.best|table The best epoch, with early stopping.
---@field ended "finished"|"early_stop"|"callback"|"interrupted" Why it ended.
---@field summary string The same in words.
---@field seconds number How long it took. In seconds.
---@field id? string Its name in the store of a run that is recorded.

--- Fits a model that has a solver of its own: wrmf, popularity, ease or item_neighbors.
---@param options? Model.fit.options
---@return Model.fit.run run What happened; `print` shows it as a table of its epochs.
function Model:fit(options) end

--- The rows of all users.
---@return Tensor users `[users, dim]`.
function Model:user_embeddings() end

--- The rows of all items.
---@return Tensor items `[items, dim]`.
function Model:item_embeddings() end

---@class (exact) Model.save.options
---@field also? Parameter[] Parameters of a loss to be kept with the model, such as `loss.user_margins`.

--- Writes the parameters as they stand now to a file, which gets its name only when it is whole.
---@param path string The file; one that is there is replaced.
---@param options? Model.save.options
---@return Model model The model.
function Model:save(path, options) end

---@class (exact) Model.load.options
---@field also? Parameter[] Parameters that were kept with the model and are to be put back too.

--- Puts back the parameters that `save` wrote, into a model made in the same way for the same data.
---@param path string The file.
---@param options? Model.load.options
---@return Model model The model.
function Model:load(path, options) end

---@class (exact) Model.recommend.options
---@field k? integer Length of a list; shorter where fewer items are left. Default 10.
---@field mask? "auto"|"train"|"train+valid"|"none" What a list must not contain. `auto`: the train items, and when testing those of the validation part too where there is one. Default "auto".
---@field any_split? boolean Whether items are left out though the model was trained on other ones than those of its split. Default false.

--- The best items for a user, or for each of several, that they do not have yet.
---@param users string|integer|string[]|integer[] Identifier of a user, or a list of them.
---@param options? Model.recommend.options
---@return table items Best first: `item`, `score`, and `title` where the data has one; `print` shows them as a table. For a list of users a list of such lists, each with its `user`.
function Model:recommend(users, options) end

--- The boundaries of users: items that score above them are those they would like.
---
--- b_u = <W, P_u>, with boundary = "linear_bias" + c
--- Source: "Learning Explicit User Interest Boundary for Recommendation", WWW 2022, Eq. 3
---@param users? string|integer|string[]|integer[] Identifier of a user, or a list of them; everybody, in the order of `dataset:users()`, if left out.
---@return number|number[] boundary A number, or a list of one for each.
function Model:boundary(users) end

---@class (exact) Model.interested.options
---@field offset? number Added to the boundary. Default 0.

--- Whether items score above a user's boundary: would the user like them at all?
---
--- s(u, x) > b_u + offset
--- Source: "Learning Explicit User Interest Boundary for Recommendation", WWW 2022, section 3.2
---@param user string|integer Identifier of the user.
---@param items string|integer|string[]|integer[] Identifier of an item, or a list of them.
---@param options? Model.interested.options
---@return boolean|boolean[] interested true or false, or a list of one for each.
function Model:interested(user, items, options) end

---@class (exact) Model.export.options
---@field what? "rows"|"parameters" The rows that represent users and items, or all that is learned. Default "rows".
---@field part? "users"|"items" Whose rows; both if left out, for .safetensors alone.

--- Writes the rows of users and items, or all parameters, to a file that other programs read.
---@param path string The file; one that is there is replaced.
---@param options? Model.export.options
---@return Model model The model.
function Model:export(path, options) end

---@class (exact) Model.export_lists.options
---@field k? integer Length of a list; shorter where fewer items are left. Default 10.
---@field users? string[]|integer[] Identifiers; all users of the data if left out.
---@field tag? string The name of a TREC run. Default "perigee".
---@field mask? "auto"|"train"|"train+valid"|"none" What a list must not contain. `auto`: the train items, and when testing those of the validation part too where there is one. Default "auto".
---@field any_split? boolean Whether items are left out though the model was trained on other ones than those of its split. Default false.

--- Writes the best items of all users, or of some, that they do not have yet, to a file.
---@param path string The file; one that is there is replaced.
---@param options? Model.export_lists.options
---@return Model model The model.
function Model:export_lists(path, options) end

---@class (exact) Model.similar.options
---@field k? integer How many; fewer where there are fewer others. Default 10.

--- The items whose rows point most nearly where an item's does: by the cosine of the rows.
---@param item string|integer Identifier of the item.
---@param options? Model.similar.options
---@return table items Best first: `item`, `score`, the cosine, and `title` where the data has one.
function Model:similar(item, options) end

--- Releases the native memory now; the handle cannot be used afterwards.
function Model:free() end

--- Numbers that the optimizer moves.
---@class Parameter
---@field name string Its name.
---@field rows integer Count of rows.
---@field columns integer Numbers in a row.
---@field per "shared"|"user"|"item" What a row belongs to.
---@operator add(Tensor|Parameter|BatchRows|number|LossValue): Tensor
---@operator sub(Tensor|Parameter|BatchRows|number|LossValue): Tensor
---@operator mul(Tensor|Parameter|BatchRows|number|LossValue): Tensor
---@operator div(Tensor|Parameter|BatchRows|number|LossValue): Tensor
---@operator pow(Tensor|Parameter|BatchRows|number|LossValue): Tensor
---@operator unm: Tensor
local Parameter = {}

--- All its numbers, `[rows, columns]`.
---@return Tensor tensor `[rows, columns]`.
function Parameter:tensor() end

--- Replaces its numbers; what the optimizer remembers of them is kept.
---@param values Tensor|number A tensor of shape `[rows, columns]`, or a number for all.
---@return Parameter parameter The parameter.
function Parameter:assign(values) end

--- e to the power of each element.
---@return Tensor tensor A new tensor.
function Parameter:exp() end

--- Natural logarithm.
---@return Tensor tensor A new tensor.
function Parameter:log() end

--- log(1 + x), exact for small x.
---@return Tensor tensor A new tensor.
function Parameter:log1p() end

--- Square root.
---@return Tensor tensor A new tensor.
function Parameter:sqrt() end

--- x * x.
---@return Tensor tensor A new tensor.
function Parameter:square() end

--- 1 / x.
---@return Tensor tensor A new tensor.
function Parameter:reciprocal() end

--- Absolute value.
---@return Tensor tensor A new tensor.
function Parameter:abs() end

--- -1, 0 or 1.
---@return Tensor tensor A new tensor.
function Parameter:sign() end

--- Sine.
---@return Tensor tensor A new tensor.
function Parameter:sin() end

--- Cosine.
---@return Tensor tensor A new tensor.
function Parameter:cos() end

--- Hyperbolic tangent.
---@return Tensor tensor A new tensor.
function Parameter:tanh() end

--- 1 / (1 + exp(-x)).
---@return Tensor tensor A new tensor.
function Parameter:sigmoid() end

--- The larger of x and 0.
---@return Tensor tensor A new tensor.
function Parameter:relu() end

--- log(1 + exp(x)), finite for every finite x.
---@return Tensor tensor A new tensor.
function Parameter:softplus() end

--- log(sigmoid(x)), finite for every finite x.
---@return Tensor tensor A new tensor.
function Parameter:logsigmoid() end

--- The next whole number below.
---@return Tensor tensor A new tensor.
function Parameter:floor() end

--- The next whole number above.
---@return Tensor tensor A new tensor.
function Parameter:ceil() end

--- The nearest whole number, halves to the even one.
---@return Tensor tensor A new tensor.
function Parameter:round() end

--- 1 for a number, 0 for infinity and NaN.
---@return Tensor tensor A new tensor.
function Parameter:is_finite() end

--- x to the power of y; NaN for a negative x and a y that is not whole.
---@param y Tensor|Parameter|BatchRows|number|LossValue The other; both broadcast.
---@return Tensor tensor A new tensor.
function Parameter:pow(y) end

--- The smaller of two elements; NaN where either is.
---@param y Tensor|Parameter|BatchRows|number|LossValue The other; both broadcast.
---@return Tensor tensor A new tensor.
function Parameter:minimum(y) end

--- The larger of two elements; NaN where either is.
---@param y Tensor|Parameter|BatchRows|number|LossValue The other; both broadcast.
---@return Tensor tensor A new tensor.
function Parameter:maximum(y) end

--- Each element brought into a range; NaN stays.
---@param low? number No element is less.
---@param high? number No element is more.
---@return Tensor tensor A new tensor.
function Parameter:clamp(low, high) end

--- 1 where x < y, else 0.
---@param y Tensor|Parameter|BatchRows|number|LossValue The other; both broadcast.
---@return Tensor tensor A new tensor.
function Parameter:lt(y) end

--- 1 where x <= y, else 0.
---@param y Tensor|Parameter|BatchRows|number|LossValue The other; both broadcast.
---@return Tensor tensor A new tensor.
function Parameter:le(y) end

--- 1 where x > y, else 0.
---@param y Tensor|Parameter|BatchRows|number|LossValue The other; both broadcast.
---@return Tensor tensor A new tensor.
function Parameter:gt(y) end

--- 1 where x >= y, else 0.
---@param y Tensor|Parameter|BatchRows|number|LossValue The other; both broadcast.
---@return Tensor tensor A new tensor.
function Parameter:ge(y) end

--- 1 where x = y, else 0.
---@param y Tensor|Parameter|BatchRows|number|LossValue The other; both broadcast.
---@return Tensor tensor A new tensor.
function Parameter:eq(y) end

--- 1 where x and y differ, else 0.
---@param y Tensor|Parameter|BatchRows|number|LossValue The other; both broadcast.
---@return Tensor tensor A new tensor.
function Parameter:ne(y) end

---@class (exact) Parameter.sum.options
---@field keep? boolean Whether the axes stay with length 1, so that the result broadcasts. Default false.

--- The sum, accumulated in float64; 0 of no elements.
---@param axis? integer|integer[]|"negatives"|"batch" The axis or axes that go; all of them if it is left out.
---@param options? Parameter.sum.options
---@return Tensor tensor A new tensor; of rank 0 where no axis is left.
function Parameter:sum(axis, options) end

---@class (exact) Parameter.mean.options
---@field keep? boolean Whether the axes stay with length 1, so that the result broadcasts. Default false.

--- The mean; of no elements an error.
---@param axis? integer|integer[]|"negatives"|"batch" The axis or axes that go; all of them if it is left out.
---@param options? Parameter.mean.options
---@return Tensor tensor A new tensor; of rank 0 where no axis is left.
function Parameter:mean(axis, options) end

---@class (exact) Parameter.prod.options
---@field keep? boolean Whether the axes stay with length 1, so that the result broadcasts. Default false.

--- The product; 1 of no elements.
---@param axis? integer|integer[] The axis or axes that go; all of them if it is left out.
---@param options? Parameter.prod.options
---@return Tensor tensor A new tensor; of rank 0 where no axis is left.
function Parameter:prod(axis, options) end

---@class (exact) Parameter.min.options
---@field keep? boolean Whether the axes stay with length 1, so that the result broadcasts. Default false.

--- The smallest element; NaN where there is one. Of no elements an error.
---@param axis? integer|integer[]|"negatives"|"batch" The axis or axes that go; all of them if it is left out.
---@param options? Parameter.min.options
---@return Tensor tensor A new tensor; of rank 0 where no axis is left.
function Parameter:min(axis, options) end

---@class (exact) Parameter.max.options
---@field keep? boolean Whether the axes stay with length 1, so that the result broadcasts. Default false.

--- The largest element; NaN where there is one. Of no elements an error.
---@param axis? integer|integer[]|"negatives"|"batch" The axis or axes that go; all of them if it is left out.
---@param options? Parameter.max.options
---@return Tensor tensor A new tensor; of rank 0 where no axis is left.
function Parameter:max(axis, options) end

---@class (exact) Parameter.variance.options
---@field keep? boolean Whether the axes stay with length 1, so that the result broadcasts. Default false.
---@field correction? integer Divided by n - correction: 0 for the population's, 1 for the sample's. Default 0.

--- Mean squared distance from the mean; an error unless there are more elements than `correction`.
---@param axis? integer|integer[] The axis or axes that go; all of them if it is left out.
---@param options? Parameter.variance.options
---@return Tensor tensor A new tensor; of rank 0 where no axis is left.
function Parameter:variance(axis, options) end

---@class (exact) Parameter.std.options
---@field keep? boolean Whether the axes stay with length 1, so that the result broadcasts. Default false.
---@field correction? integer Divided by n - correction: 0 for the population's, 1 for the sample's. Default 0.

--- Standard deviation, the root of the variance.
---@param axis? integer|integer[] The axis or axes that go; all of them if it is left out.
---@param options? Parameter.std.options
---@return Tensor tensor A new tensor; of rank 0 where no axis is left.
function Parameter:std(axis, options) end

---@class (exact) Parameter.norm.options
---@field keep? boolean Whether the axes stay with length 1, so that the result broadcasts. Default false.
---@field order? number 1: sum of |x|. 2: root of the sum of squares. math.huge: the largest |x|. Default 2.

--- Length as a vector; 0 of no elements.
---@param axis? integer|integer[] The axis or axes that go; all of them if it is left out.
---@param options? Parameter.norm.options
---@return Tensor tensor A new tensor; of rank 0 where no axis is left.
function Parameter:norm(axis, options) end

---@class (exact) Parameter.argmin.options
---@field keep? boolean Whether the axes stay with length 1, so that the result broadcasts. Default false.

--- Position, from 1, of the smallest element; of the first among equals.
---@param axis? integer The axis that goes; if it is left out, all are seen as one.
---@param options? Parameter.argmin.options
---@return Tensor tensor A new tensor; of rank 0 where no axis is left.
function Parameter:argmin(axis, options) end

---@class (exact) Parameter.argmax.options
---@field keep? boolean Whether the axes stay with length 1, so that the result broadcasts. Default false.

--- Position, from 1, of the largest element; of the first among equals.
---@param axis? integer The axis that goes; if it is left out, all are seen as one.
---@param options? Parameter.argmax.options
---@return Tensor tensor A new tensor; of rank 0 where no axis is left.
function Parameter:argmax(axis, options) end

---@class (exact) Parameter.logsumexp.options
---@field keep? boolean Whether the axes stay with length 1, so that the result broadcasts. Default false.

--- log of the sum of exp(x), exact for large values.
---@param axis? integer|"negatives"|"batch" Along which. Default -1.
---@param options? Parameter.logsumexp.options
---@return Tensor tensor A new tensor; of rank 0 where no axis is left.
function Parameter:logsumexp(axis, options) end

--- exp(x) divided by its sum.
---@param axis? integer|"negatives"|"batch" Along which. Default -1.
---@return Tensor tensor Of the same shape.
function Parameter:softmax(axis) end

--- The logarithm of softmax, exact for large values.
---@param axis? integer|"negatives"|"batch" Along which. Default -1.
---@return Tensor tensor Of the same shape.
function Parameter:logsoftmax(axis) end

--- x where it is positive, else slope * x.
---@param slope? number Factor of what is negative. Default 0.01.
---@return Tensor tensor A new tensor.
function Parameter:leaky_relu(slope) end

---@class (exact) Parameter.dropout.options
---@field rate number Probability that an element is dropped.
---@field seed integer The same seed and position drop the same elements.
---@field position? integer A further coordinate of the random numbers, such as the step. Default 0.

--- Each element is 0 with probability `rate`, else divided by 1 - rate.
---@param options Parameter.dropout.options
---@return Tensor tensor A new tensor.
function Parameter:dropout(options) end

---@class (exact) Parameter.normalize.options
---@field floor? number The least that is divided by. Default 1e-12.

--- x / max(norm of x, floor) along an axis: rows of length 1.
---@param axis? integer Along which the length is taken. Default -1.
---@param options? Parameter.normalize.options
---@return Tensor tensor A new tensor.
function Parameter:normalize(axis, options) end

--- Running sums along an axis: element i is the sum of the elements up to i.
---@param axis? integer|"negatives" Along which. Default -1.
---@return Tensor tensor A new tensor.
function Parameter:cumsum(axis) end

--- For each segment the sum of the rows (positions of the first axis) that belong to it; 0 where there are none.
---@param segments integer[]|Tensor|Parameter|BatchRows For each row its segment, from 1.
---@param count integer Number of segments.
---@return Tensor tensor A new tensor.
function Parameter:segment_sum(segments, count) end

--- For each segment the mean of the rows (positions of the first axis) that belong to it; 0 where there are none.
---@param segments integer[]|Tensor|Parameter|BatchRows For each row its segment, from 1.
---@param count integer Number of segments.
---@return Tensor tensor A new tensor.
function Parameter:segment_mean(segments, count) end

--- The elements in row-major order in another shape. A copy where no view can show them so.
---@param shape integer|integer[] The new lengths; one may be -1 and is computed.
---@return Tensor view Sees the same elements: a write to one shows in the other.
function Parameter:reshape(shape) end

--- All elements on one axis.
---@return Tensor view Sees the same elements: a write to one shows in the other.
function Parameter:flatten() end

--- Two axes exchanged; of a matrix, its transpose.
---@param first? integer One axis. Default -2.
---@param second? integer The other. Default -1.
---@return Tensor view Sees the same elements: a write to one shows in the other.
function Parameter:transpose(first, second) end

--- The axes in another order.
---@param axes integer[] Each axis once.
---@return Tensor view Sees the same elements: a write to one shows in the other.
function Parameter:permute(axes) end

--- Axes of length 1 (or missing in front) stretched, without copying.
---@param shape integer|integer[] The new lengths.
---@return Tensor view Sees the same elements: a write to one shows in the other.
function Parameter:expand(shape) end

--- With a new axis of length 1.
---@param axis integer The place that it takes; rank + 1 or -1 is the end.
---@return Tensor view Sees the same elements: a write to one shows in the other.
function Parameter:unsqueeze(axis) end

--- Without the axes of length 1, or without the one that is named.
---@param axis? integer An axis of length 1.
---@return Tensor view Sees the same elements: a write to one shows in the other.
function Parameter:squeeze(axis) end

--- A part of each axis; axes that are not mentioned are taken whole.
---@param ranges (integer|integer[])[] For each axis a position (the axis goes), `{ from, to }`, `{ from, to, step }` or `{}` for all.
---@return Tensor view Sees the same elements: a write to one shows in the other.
function Parameter:slice(ranges) end

--- Chosen rows (positions of the first axis), in that order and as often as they are named.
---@param positions integer[]|Tensor|Parameter|BatchRows From 1; negative ones count from the end.
---@return Tensor tensor A new tensor.
function Parameter:gather(positions) end

--- The matrix product of the last two axes; axes before them broadcast.
---@param right Tensor|Parameter|BatchRows `[..., m, p]`, or `[m]`.
---@return Tensor tensor A new tensor.
function Parameter:matmul(right) end

---@class (exact) Parameter.sort.options
---@field descending? boolean Whether the largest comes first. Default false.

--- The elements along an axis in order; NaN comes last.
---@param axis? integer Along which. Default -1.
---@param options? Parameter.sort.options
---@return Tensor sorted Of the same shape.
function Parameter:sort(axis, options) end

---@class (exact) Parameter.argsort.options
---@field descending? boolean Whether the largest comes first. Default false.

--- The positions, from 1, of the elements in order; equal ones keep theirs.
---@param axis? integer Along which. Default -1.
---@param options? Parameter.argsort.options
---@return Tensor positions Of the same shape.
function Parameter:argsort(axis, options) end

---@class (exact) Parameter.topk.options
---@field largest? boolean false for the smallest. Default true.

--- The k largest (or smallest) elements along an axis, best first.
---@param k integer How many.
---@param axis? integer Along which. Default -1.
---@param options? Parameter.topk.options
---@return Tensor values The elements.
---@return Tensor positions Where they are, from 1.
function Parameter:topk(k, axis, options) end

--- The only element, as a number of Lua.
---@return number value The element.
function Parameter:item() end

--- The elements in nested tables; of rank 0 the number.
---@return table|number table Plain numbers.
function Parameter:totable() end

--- The same elements in memory of their own.
---@return Tensor tensor A new tensor.
function Parameter:copy() end

--- Writes a NumPy `.npy` file (float32), which appears under its name when it is complete.
---@param path string The file.
---@return Tensor self This tensor.
function Parameter:write_npy(path) end

--- Position in ascending order, from 1; of equal ones the first comes first. No derivative passes.
---@param axis? "negatives"|"batch" Along which; left out: all numbers of the batch together.
---@return LossValue value A new value.
function Parameter:rank(axis) end

--- The same numbers, through which no derivative passes.
---@return LossValue value A new value.
function Parameter:stop_gradient() end

--- Of one number a positive: the sum over the positives of the batch with the same user.
---@return LossValue value A new value.
function Parameter:same_user_sum() end

--- Of one number a positive: the mean over the positives of the batch with the same user.
---@return LossValue value A new value.
function Parameter:same_user_mean() end

--- Of one number a positive: the largest among the positives of the batch with the same user.
---@return LossValue value A new value.
function Parameter:same_user_max() end

--- Releases the native memory now; the handle cannot be used afterwards.
function Parameter:free() end

--- Users or items of a batch; parameters are indexed by it. Where a function takes a tensor it is that of their positions in the data, from 1, as `gather` wants them: `x:gather(users)`.
---@class BatchRows
---@field count integer How many.
---@operator len: integer
---@operator add(Tensor|Parameter|BatchRows|number): Tensor
---@operator sub(Tensor|Parameter|BatchRows|number): Tensor
---@operator mul(Tensor|Parameter|BatchRows|number): Tensor
---@operator div(Tensor|Parameter|BatchRows|number): Tensor
---@operator pow(Tensor|Parameter|BatchRows|number): Tensor
---@operator unm: Tensor
local BatchRows = {}

--- Their identifiers in the data.
---@return string[] names In the rows' order.
function BatchRows:names() end

--- Their positions in the data, from 1.
---@return Tensor positions `[count]`.
function BatchRows:positions() end

---@class (exact) BatchRows.history.options
---@field max? integer Items of a history that count, the last ones.

--- The train items of each user, one user after another.
---@param options? BatchRows.history.options
---@return table history `items` (rows to index parameters by), `segments` and `lengths` (tensors): see above.
function BatchRows:history(options) end

--- Releases the native memory now; the handle cannot be used afterwards.
function BatchRows:free() end

--- Pairwise logistic loss.
---@class BPRLoss
---@field reduction "mean"|"sum" How the batch's terms become one number: `sum` leaves out the division in front of the equation's sums.
local BPRLoss = {}

--- Releases the native memory now; the handle cannot be used afterwards.
function BPRLoss:free() end

--- Pairwise hinge loss.
---@class HingeLoss
---@field margin number|Schedule|(fun(epoch: integer, step: integer): number) By how much a positive should win.
---@field reduction "mean"|"sum" How the batch's terms become one number: `sum` leaves out the division in front of the equation's sums.
local HingeLoss = {}

--- Releases the native memory now; the handle cannot be used afterwards.
function HingeLoss:free() end

--- Pairwise logistic loss with weights.
---@class WeightedPairwiseLoss
---@field reduction "mean"|"sum" How the batch's terms become one number: `sum` leaves out the division in front of the equation's sums.
local WeightedPairwiseLoss = {}

--- Releases the native memory now; the handle cannot be used afterwards.
function WeightedPairwiseLoss:free() end

--- Binary cross-entropy.
---@class BinaryCrossEntropyLoss
---@field reduction "mean"|"sum" How the batch's terms become one number: `sum` leaves out the division in front of the equation's sums.
local BinaryCrossEntropyLoss = {}

--- Releases the native memory now; the handle cannot be used afterwards.
function BinaryCrossEntropyLoss:free() end

--- Squared error.
---@class SquaredLoss
---@field reduction "mean"|"sum" How the batch's terms become one number: `sum` leaves out the division in front of the equation's sums.
local SquaredLoss = {}

--- Releases the native memory now; the handle cannot be used afterwards.
function SquaredLoss:free() end

--- Triplet loss.
---@class TripletLoss
---@field margin number|Schedule|(fun(epoch: integer, step: integer): number) By how much.
---@field distance "negated"|"root"|"cosine" How a score says a distance. negated: -s, the squared distance where scores are euclidean. root: sqrt(-s), the distance itself; a score above 0 has none. cosine: 1 - s.
---@field reduction "mean"|"sum" How the batch's terms become one number: `sum` leaves out the division in front of the equation's sums.
local TripletLoss = {}

--- Releases the native memory now; the handle cannot be used afterwards.
function TripletLoss:free() end

--- Contrastive loss.
---@class ContrastiveLoss
---@field margin number|Schedule|(fun(epoch: integer, step: integer): number) How far a negative should be.
---@field form "squared"|"linear" Whether distances are squared.
---@field distance "negated"|"root"|"cosine" How a score says a distance. negated: -s, the squared distance where scores are euclidean. root: sqrt(-s), the distance itself; a score above 0 has none. cosine: 1 - s.
---@field reduction "mean"|"sum" How the batch's terms become one number: `sum` leaves out the division in front of the equation's sums.
local ContrastiveLoss = {}

--- Releases the native memory now; the handle cannot be used afterwards.
function ContrastiveLoss:free() end

--- Softmax cross-entropy.
---@class SoftmaxLoss
---@field temperature number|Schedule|(fun(epoch: integer, step: integer): number) What scores are divided by.
---@field reduction "mean"|"sum" How the batch's terms become one number: `sum` leaves out the division in front of the equation's sums.
local SoftmaxLoss = {}

--- Releases the native memory now; the handle cannot be used afterwards.
function SoftmaxLoss:free() end

--- Sampled softmax.
---@class SampledSoftmaxLoss
---@field temperature number|Schedule|(fun(epoch: integer, step: integer): number) What scores are divided by.
---@field correction "both"|"negatives"|"none" Which scores are corrected.
---@field reduction "mean"|"sum" How the batch's terms become one number: `sum` leaves out the division in front of the equation's sums.
local SampledSoftmaxLoss = {}

--- Releases the native memory now; the handle cannot be used afterwards.
function SampledSoftmaxLoss:free() end

--- Bilateral softmax loss.
---@class BSLLoss
---@field temperature number|Schedule|(fun(epoch: integer, step: integer): number) t, what scores are divided by.
---@field negative_exponent number|Schedule|(fun(epoch: integer, step: integer): number) e, the code's temperature_2: weight of the negative part in `multi` and `reweight`.
---@field positive_temperature number|Schedule|(fun(epoch: integer, step: integer): number) t', read by `paper`; t where it is left out.
---@field mode "multi"|"reweight"|"single"|"paper" Which form.
---@field reduction "mean"|"sum" How the batch's terms become one number: `sum` leaves out the division in front of the equation's sums.
local BSLLoss = {}

--- Releases the native memory now; the handle cannot be used afterwards.
function BSLLoss:free() end

--- Cosine contrastive loss.
---@class CosineContrastiveLoss
---@field margin number|Schedule|(fun(epoch: integer, step: integer): number) m: negatives below it cost nothing.
---@field negative_weight number|Schedule|(fun(epoch: integer, step: integer): number) w; `negatives = "sum"` leaves it and 1/N out.
---@field negatives "mean"|"sum" Weighted mean over the negatives, or their plain sum.
---@field reduction "mean"|"sum" How the batch's terms become one number: `sum` leaves out the division in front of the equation's sums.
local CosineContrastiveLoss = {}

--- Releases the native memory now; the handle cannot be used afterwards.
function CosineContrastiveLoss:free() end

--- Multi-margin loss.
---@class MultiMarginLoss
---@field margins (number|Schedule|(fun(epoch: integer, step: integer): number))[] m_k, ascending.
---@field weights (number|Schedule|(fun(epoch: integer, step: integer): number))[] w_k, one for each margin.
---@field positive_weight number|Schedule|(fun(epoch: integer, step: integer): number) w+
---@field negative_weight number|Schedule|(fun(epoch: integer, step: integer): number) w-
---@field form "additive"|"banded" Whether all margins below a score count, or the largest.
---@field reduction "mean"|"sum" How the batch's terms become one number: `sum` leaves out the division in front of the equation's sums.
local MultiMarginLoss = {}

--- Releases the native memory now; the handle cannot be used afterwards.
function MultiMarginLoss:free() end

--- Hybrid loss of the user interest boundary.
---@class BoundaryLoss
---@field alpha number|Schedule|(fun(epoch: integer, step: integer): number) Weight of the negative part.
---@field form "logistic"|"margin" phi: logistic is softplus, margin a hinge.
---@field margin number|Schedule|(fun(epoch: integer, step: integer): number) Of the form `margin`.
---@field negatives "sum"|"mean" How those of a positive count.
---@field released_weights boolean 1 - alpha and alpha instead of 1 and alpha.
---@field reduction "mean"|"sum" How the batch's terms become one number: `sum` leaves out the division in front of the equation's sums.
local BoundaryLoss = {}

--- Releases the native memory now; the handle cannot be used afterwards.
function BoundaryLoss:free() end

--- Symmetric metric learning.
---@class SymmetricMetricLoss
---@field alpha number|Schedule|(fun(epoch: integer, step: integer): number) Weight of the positive part.
---@field item_weight number|Schedule|(fun(epoch: integer, step: integer): number) lambda, of the hinge between items.
---@field margin_weight number|Schedule|(fun(epoch: integer, step: integer): number) gamma, how strongly margins are to grow.
---@field margin_mean "batch"|"all" Whether margins are averaged over the batch's rows (the code) or over all users and items (the text).
---@field user_margins Parameter Margins of the users, the model's where it keeps any; nil before a trainer has the loss, where it was made without data.
---@field item_margins Parameter Margins of the items, the model's where it keeps any; nil before a trainer has the loss, where it was made without data.
local SymmetricMetricLoss = {}

--- Releases the native memory now; the handle cannot be used afterwards.
function SymmetricMetricLoss:free() end

--- Pairwise logistic loss with negatives weighted by importance.
---@class ImportanceLoss
---@field gradient_through_weights boolean Whether weights are differentiated.
---@field temperature number|Schedule|(fun(epoch: integer, step: integer): number) t, what scores are divided by in the weights.
---@field reduction "mean"|"sum" How the batch's terms become one number: `sum` leaves out the division in front of the equation's sums.
local ImportanceLoss = {}

--- Releases the native memory now; the handle cannot be used afterwards.
function ImportanceLoss:free() end

--- Weighted approximate-rank pairwise loss.
---@class WARPLoss
---@field margin number|Schedule|(fun(epoch: integer, step: integer): number) How near a candidate must come.
---@field maximum_weight number|Schedule|(fun(epoch: integer, step: integer): number) Bound of the weight.
---@field weight "logarithm"|"harmonic" How the estimated rank becomes a weight.
---@field reduction "mean"|"sum" How the batch's terms become one number: `sum` leaves out the division in front of the equation's sums.
local WARPLoss = {}

--- Releases the native memory now; the handle cannot be used afterwards.
function WARPLoss:free() end

--- The loss of collaborative metric learning.
---@class CMLLoss
---@field margin number|Schedule|(fun(epoch: integer, step: integer): number) How much farther negatives should be.
---@field reduction "mean"|"sum" How the batch's terms become one number: `sum` leaves out the division in front of the equation's sums.
local CMLLoss = {}

--- Releases the native memory now; the handle cannot be used afterwards.
function CMLLoss:free() end

--- A truncated loss.
---@class TruncatedLoss
---@field drop_rate number|Schedule|(fun(epoch: integer, step: integer): number) The share that is left out, in the end.
---@field gradual_steps integer Batches over which the share grows: before batch t + 1 it is t / (gradual_steps - 1) * drop_rate ^ exponent. 0: none.
---@field exponent number|Schedule|(fun(epoch: integer, step: integer): number) Of the growing share; 1 unless the end is to be a jump.
---@field reduction "mean"|"sum" How the batch's terms become one number: `sum` leaves out the division in front of the equation's sums.
local TruncatedLoss = {}

--- Releases the native memory now; the handle cannot be used afterwards.
function TruncatedLoss:free() end

--- A reweighted loss.
---@class ReweightedLoss
---@field beta number|Schedule|(fun(epoch: integer, step: integer): number) 0 trusts all alike.
---@field reduction "mean"|"sum" How the batch's terms become one number: `sum` leaves out the division in front of the equation's sums.
local ReweightedLoss = {}

--- Releases the native memory now; the handle cannot be used afterwards.
function ReweightedLoss:free() end

--- A loss written in Lua.
---@class LuaLoss
---@field name string What messages call it.
---@field fused boolean Whether it is compiled; false where it is computed with tensors.
---@field compiled integer How many forms of it were compiled so far.
---@field parameters Parameter[] The parameters that it has read so far.
local LuaLoss = {}

--- The compiled program of the last batch, in words.
---@return string text What is computed once a batch, and what for each block of rows.
function LuaLoss:program() end

--- Releases the native memory now; the handle cannot be used afterwards.
function LuaLoss:free() end

--- An L2 term.
---@class L2Term
---@field name string What reports and messages call it.
---@field weight number|Schedule|(fun(epoch: integer, step: integer): number) What it is multiplied by.
---@field scope "batch"|"batch_mean"|"per_sample"|"tables"|"tables_touched" Which rows count.
local L2Term = {}

--- Releases the native memory now; the handle cannot be used afterwards.
function L2Term:free() end

--- Covariances of dimensions.
---@class CovarianceTerm
---@field name string What reports and messages call it.
---@field weight number|Schedule|(fun(epoch: integer, step: integer): number) What it is multiplied by.
---@field form "squares"|"sum" What becomes of the covariances.
---@field rows "batch"|"all" Whose rows.
local CovarianceTerm = {}

--- Releases the native memory now; the handle cannot be used afterwards.
function CovarianceTerm:free() end

--- Divergence of soft clusters from a sharper target.
---@class ClusterTerm
---@field name string What reports and messages call it.
---@field weight number|Schedule|(fun(epoch: integer, step: integer): number) What it is multiplied by.
---@field centers Parameter The clusters' centers.
---@field tau number Degrees of freedom.
local ClusterTerm = {}

--- Releases the native memory now; the handle cannot be used afterwards.
function ClusterTerm:free() end

--- The loss of learned clusters.
---@class LearnedClusterTerm
---@field name string What reports and messages call it.
---@field weight number|Schedule|(fun(epoch: integer, step: integer): number) What it is multiplied by.
---@field temperature number|Schedule|(fun(epoch: integer, step: integer): number) T of the mixture.
---@field form "straight_through"|"soft" What stands for an item.
local LearnedClusterTerm = {}

--- Releases the native memory now; the handle cannot be used afterwards.
function LearnedClusterTerm:free() end

--- A term written in Lua.
---@class LuaTerm
---@field name string What reports and messages call it.
---@field parameters Parameter[] What it may read.
local LuaTerm = {}

--- Releases the native memory now; the handle cannot be used afterwards.
function LuaTerm:free() end

--- A batch of B positives, given to a term written in Lua.
---@class TermContext
---@field users BatchRows The user of each positive, B of them.
---@field positives BatchRows The positives, B of them.
---@field negatives BatchRows The negatives, N of the first positive, then those of the next.
---@field distinct_users BatchRows The batch's users, each once.
---@field distinct_items BatchRows The batch's items, positives and negatives, each once.
---@field epoch integer The epoch, from 1.
---@field step integer The batch, from 1, over all epochs.
---@field number integer The batch in its epoch, from 1.
local TermContext = {}

--- Releases the native memory now; the handle cannot be used afterwards.
function TermContext:free() end

--- Weights of triplets that are learned.
---@class TripletImportance
---@field inner_rate number|Schedule|(fun(epoch: integer, step: integer): number) The rate of the look-ahead step.
---@field states "attached"|"detached" Whether states are differentiated.
---@field hypergradient "exact"|"finite_differences"|"second_order" How the network's derivative is found.
---@field weights table Of the epoch under way or just finished: `count`, `mean`, `deviation`, `least`, `most`, and `tenths`, the share of them in each tenth of 0 to 1; nil before the first batch.
---@field clusters InterestClusters Of items, with strategy = "multi"; nil otherwise.
---@field pretrain integer Epochs of the plain loss before the first with weights.
---@field accumulate_outer boolean Whether the plain loss after the step moves the model too.
---@field aggregate "mean"|"sum" What a user's items are to its state.
---@field activation "sigmoid"|"softplus" What makes a weight of the network's last number.
---@field hidden Parameter W1, `[d, 2 d]`.
---@field bias Parameter b1, `[1, d]`.
---@field output Parameter W2, `[1, d]`.
---@field offset Parameter b2, `[1, 1]`.
local TripletImportance = {}

--- Releases the native memory now; the handle cannot be used afterwards.
function TripletImportance:free() end

--- Clusters of items that stand for interests of users.
---@class InterestClusters
---@field alpha number|Schedule|(fun(epoch: integer, step: integer): number)|Schedule|(fun(epoch: integer, step: integer): number) How much of its center stands beside an item.
---@field gamma number|Schedule|(fun(epoch: integer, step: integer): number)|Schedule|(fun(epoch: integer, step: integer): number) What the clustering loss counts.
---@field centers Parameter `[clusters, d]`.
---@field count integer How many clusters there are.
---@field sizes table How many items each cluster had at the last look; nil before the first.
---@field reseeded integer How many clusters were empty at a look, and moved to an item that was far from its own.
---@field divergence number The clustering loss of the last batch, without gamma; nil before.
local InterestClusters = {}

--- Releases the native memory now; the handle cannot be used afterwards.
function InterestClusters:free() end

--- Uniform negatives.
---@class UniformSampler
---@field count integer|Schedule|(fun(epoch: integer, step: integer): number) Negatives for each positive.
---@field exclude_positives boolean Whether the user's train items are drawn again.
---@field drawn integer Items that were drawn so far, the user's own ones included, which were drawn again.
---@field kept integer Negatives that were given so far: drawn / kept is what PRIS' Corollary 4.3 expects.
local UniformSampler = {}

--- Releases the native memory now; the handle cannot be used afterwards.
function UniformSampler:free() end

--- Negatives by popularity.
---@class PopularitySampler
---@field count integer|Schedule|(fun(epoch: integer, step: integer): number) Negatives for each positive.
---@field exclude_positives boolean Whether the user's train items are drawn again.
---@field exponent number What counts are raised to.
---@field transform "count"|"logarithm" What is raised.
---@field drawn integer Items that were drawn so far, the user's own ones included, which were drawn again.
---@field kept integer Negatives that were given so far: drawn / kept is what PRIS' Corollary 4.3 expects.
local PopularitySampler = {}

--- Releases the native memory now; the handle cannot be used afterwards.
function PopularitySampler:free() end

--- Negatives of the clusters that a user scores high.
---@class ClusterSampler
---@field count integer|Schedule|(fun(epoch: integer, step: integer): number) Negatives for each positive.
---@field exclude_positives boolean Whether the user's train items are drawn again.
---@field clusters integer Clusters of items.
---@field members "uniform"|"popularity" How an item of a cluster is drawn.
---@field drawn integer Items that were drawn so far, the user's own ones included, which were drawn again.
---@field kept integer Negatives that were given so far: drawn / kept is what PRIS' Corollary 4.3 expects.
local ClusterSampler = {}

--- Releases the native memory now; the handle cannot be used afterwards.
function ClusterSampler:free() end

--- Clusters of items that are learned.
---@class LearnedClusters
---@field count integer Clusters.
---@field centers Parameter c, `[clusters, d]`.
---@field similarity Parameter W, `[d, d]`.
---@field lean Parameter w, `[1, d]`.
local LearnedClusters = {}

--- Releases the native memory now; the handle cannot be used afterwards.
function LearnedClusters:free() end

--- Negatives by the model's softmax.
---@class ExactSampler
---@field count integer|Schedule|(fun(epoch: integer, step: integer): number) Negatives for each positive.
---@field exclude_positives boolean Whether the user's train items are drawn again.
---@field clusters integer Clusters of items that bound scores, at most.
---@field drawn integer Items that were drawn so far, the user's own ones included, which were drawn again.
---@field kept integer Negatives that were given so far: drawn / kept is what PRIS' Corollary 4.3 expects.
local ExactSampler = {}

--- Releases the native memory now; the handle cannot be used afterwards.
function ExactSampler:free() end

--- Negatives that stand high in a user's factors.
---@class AdaptiveSampler
---@field count integer|Schedule|(fun(epoch: integer, step: integer): number) Negatives for each positive.
---@field exclude_positives boolean Whether the user's train items are drawn again.
---@field lambda number Ranks within which most draws are.
---@field drawn integer Items that were drawn so far, the user's own ones included, which were drawn again.
---@field kept integer Negatives that were given so far: drawn / kept is what PRIS' Corollary 4.3 expects.
local AdaptiveSampler = {}

--- Releases the native memory now; the handle cannot be used afterwards.
function AdaptiveSampler:free() end

--- Negatives from the batch's other rows.
---@class InBatchSampler
---@field count integer|Schedule|(fun(epoch: integer, step: integer): number) Negatives for each positive; nil for one of every other row.
---@field exclude_positives boolean Whether the user's train items are drawn again.
local InBatchSampler = {}

--- Releases the native memory now; the handle cannot be used afterwards.
function InBatchSampler:free() end

--- The hardest of a random set.
---@class DynamicSampler
---@field count integer|Schedule|(fun(epoch: integer, step: integer): number) Negatives for each positive.
---@field candidates integer|Schedule|(fun(epoch: integer, step: integer): number) Items drawn for each positive.
---@field exclude_positives boolean Whether the user's train items are drawn again.
local DynamicSampler = {}

--- Releases the native memory now; the handle cannot be used afterwards.
function DynamicSampler:free() end

--- The first violator of the margin.
---@class WARPSampler
---@field max_trials integer|Schedule|(fun(epoch: integer, step: integer): number) Items drawn before a positive is left alone.
---@field margin number|Schedule|(fun(epoch: integer, step: integer): number) How near a violator must come.
local WARPSampler = {}

--- Releases the native memory now; the handle cannot be used afterwards.
function WARPSampler:free() end

--- Negatives of several samplers.
---@class MixtureSampler
---@field count integer|Schedule|(fun(epoch: integer, step: integer): number) Negatives for each positive.
---@field shares number[] Of each part; they add up to 1.
local MixtureSampler = {}

--- Releases the native memory now; the handle cannot be used afterwards.
function MixtureSampler:free() end

--- Negatives that were given.
---@class FixedSampler
---@field count integer|Schedule|(fun(epoch: integer, step: integer): number) Negatives for each positive.
---@field order "given"|"random" Which of a list are taken.
local FixedSampler = {}

--- Releases the native memory now; the handle cannot be used afterwards.
function FixedSampler:free() end

--- A sampler written in Lua.
---@class LuaSampler
---@field count integer|Schedule|(fun(epoch: integer, step: integer): number) Negatives for each positive.
---@field name string What messages call it.
---@field positives_drawn integer Items of the user's train part among all that it returned so far.
local LuaSampler = {}

--- Releases the native memory now; the handle cannot be used afterwards.
function LuaSampler:free() end

--- A batch of B positives, given to a sampler written in Lua.
---@class SamplingBatch
---@field users BatchRows The user of each positive, B of them.
---@field positives BatchRows The positives, B of them.
---@field count integer Negatives that are wanted for each positive, N.
---@field epoch integer The epoch, from 1.
---@field step integer The batch, from 1, over all epochs.
---@field number integer The batch in its epoch, from 1.
---@field stream BatchStream Random numbers of this batch.
local SamplingBatch = {}

--- The model's score of each row's user for items of its own, as it stands before the batch.
---@param items Tensor|Parameter|BatchRows `[B, C]`, positions of items from 1.
---@return Tensor scores `[B, C]`.
function SamplingBatch:scores(items) end

--- Releases the native memory now; the handle cannot be used afterwards.
function SamplingBatch:free() end

--- Random numbers of a batch, the same for the same seed at any number of threads.
---@class BatchStream
local BatchStream = {}

--- Numbers uniform in 0 <= x < 1.
---@param shape integer|integer[] Lengths of the axes.
---@return Tensor tensor New numbers at each call.
function BatchStream:uniform(shape) end

--- Whole numbers from 1 to `last`, all equally likely.
---@param shape integer|integer[] Lengths of the axes.
---@param last integer The largest.
---@return Tensor tensor New numbers at each call.
function BatchStream:integers(shape, last) end

--- Releases the native memory now; the handle cannot be used afterwards.
function BatchStream:free() end

--- How parameters move along the gradient.
---@class Optimizer
---@field rate number|Schedule|(fun(epoch: integer, step: integer): number) Step size.
---@field weight_decay number|Schedule|(fun(epoch: integer, step: integer): number) L2 of every row.
---@field clip number|Schedule|(fun(epoch: integer, step: integer): number) Largest global norm of a gradient, nil for none.
local Optimizer = {}

--- Releases the native memory now; the handle cannot be used afterwards.
function Optimizer:free() end

--- A number that changes during training.
---@class Schedule
---@field kind string `linear`, `cosine`, ...
---@field by string[] What it counts: `epoch`, `step`, neither or both.
---@field settings table<string, string> What it was made with, as text.
---@operator call(integer): number
---@operator add(number|Schedule|(fun(epoch: integer, step: integer): number)): Schedule
---@operator mul(number|Schedule|(fun(epoch: integer, step: integer): number)): Schedule
---@operator sub(number|Schedule|(fun(epoch: integer, step: integer): number)): Schedule
---@operator div(number|Schedule|(fun(epoch: integer, step: integer): number)): Schedule
---@operator unm: Schedule
local Schedule = {}

--- The nearest whole number, for a count of negatives.
---@return Schedule schedule A schedule, also a function of the epoch and the step.
function Schedule:rounded() end

--- Releases the native memory now; the handle cannot be used afterwards.
function Schedule:free() end

--- A schedule that follows a metric.
---@class Plateau
---@field kind string `linear`, `cosine`, ...
---@field by string[] What it counts: `epoch`, `step`, neither or both.
---@field settings table<string, string> What it was made with, as text.
---@field value number The value now.
---@field best number The best evaluation, nil before any.
---@field misses integer Evaluations since the best one or the last reduction.
---@operator call(integer): number
---@operator add(number|Schedule|(fun(epoch: integer, step: integer): number)): Schedule
---@operator mul(number|Schedule|(fun(epoch: integer, step: integer): number)): Schedule
---@operator sub(number|Schedule|(fun(epoch: integer, step: integer): number)): Schedule
---@operator div(number|Schedule|(fun(epoch: integer, step: integer): number)): Schedule
---@operator unm: Schedule
local Plateau = {}

--- The nearest whole number, for a count of negatives.
---@return Schedule schedule A schedule, also a function of the epoch and the step.
function Plateau:rounded() end

--- Takes note of an evaluation, in loops written by hand.
---@param value number What the metric is.
---@return number value The schedule's value from now on.
function Plateau:update(value) end

--- Forgets all evaluations, for another training.
function Plateau:reset() end

--- Releases the native memory now; the handle cannot be used afterwards.
function Plateau:free() end

--- Runs that were recorded.
---@class RunStore
---@field path string The file.
local RunStore = {}

---@class (exact) RunStore.list.options
---@field tags? string|string[] Tags that each has.
---@field name? string Their name.
---@field data? string Their data set's name.
---@field model? string Their model's name.
---@field state? "running"|"finished"|"interrupted"|"failed" How they ended, or that they are under way.
---@field since? number|string When they began, at the earliest: seconds as of `os.time`, `"2026-11-27"`, or how long ago, `"12h"`, `"7d"`.
---@field where? string|string[] Conditions such as `"ndcg@20 > 0.1 and seed = 1"`: fields, settings or metrics (on test before others; `valid.ndcg@20` says on which), with < <= > >= = != or ~ for a text within another.
---@field sort? string A field, a setting or a metric to sort by: numbers downwards, the newest or best first, texts upwards. Default "started".
---@field reverse? boolean Whether the order is the other way round. Default false.
---@field limit? integer Runs at most.

--- Runs that fulfil all conditions, as tables; `print` shows them as one table.
---@param options? RunStore.list.options
---@return table[] runs The runs.
function RunStore:list(options) end

---@class (exact) RunStore.get.options
---@field per_user? boolean Whether values of users are wanted. Default false.

--- One run with everything that is known of it.
---@param id string The run's identifier, or as much of its beginning as no other has.
---@param options? RunStore.get.options
---@return table run The run.
function RunStore:get(id, options) end

---@class (exact) RunStore.compare.options
---@field ids? string[] Runs by identifier; left out for all that the filters leave.
---@field tags? string|string[] Tags that each has.
---@field name? string Their name.
---@field data? string Their data set's name.
---@field model? string Their model's name.
---@field state? "running"|"finished"|"interrupted"|"failed" How they ended, or that they are under way.
---@field since? number|string When they began, at the earliest: seconds as of `os.time`, `"2026-11-27"`, or how long ago, `"12h"`, `"7d"`.
---@field where? string|string[] Conditions such as `"ndcg@20 > 0.1 and seed = 1"`: fields, settings or metrics (on test before others; `valid.ndcg@20` says on which), with < <= > >= = != or ~ for a text within another.
---@field by? string What the runs of a group share: a field or a setting. Default "name".
---@field metrics? string|string[] The metrics; by default all that each has, but for those of groups of users and items.
---@field on? string The part whose results are compared. Default "test".
---@field baseline? string The group that others are tested against.
---@field test? "t"|"wilcoxon"|"permutation" The test that stars speak of. Default "t".
---@field level? number A p below this earns a star. Default 0.05.
---@field rounds? integer Rounds of the permutation test; the bootstrap takes a fifth. Default 9999.

--- Groups of runs side by side: means, deviations, gains, and tests of significance over users.
--- Source: Wilcoxon, Biometrics Bulletin 1(6), 1945; Holm, Scandinavian Journal of Statistics 6(2), 1979; Efron and Tibshirani, An Introduction to the Bootstrap, 1993; Phipson and Smyth, Permutation p-values should never be zero, 2010.
---@param options? RunStore.compare.options
---@return table comparison `groups`, each with `name`, `ids` and by metric `mean`, `deviation`, `best`, `significant`, and but for the reference `against`, `gain`, `difference`, `lower`, `upper`, `t`, `p_t`, `p_wilcoxon`, `p_permutation`, `users`; `warnings`; and the table as `text`, `markdown`, `latex` and `csv`.
function RunStore:compare(options) end

---@class (exact) RunStore.report.options
---@field ids? string|string[] Runs by identifier; left out for all that the filters leave.
---@field tags? string|string[] Tags that each has.
---@field name? string Their name.
---@field data? string Their data set's name.
---@field model? string Their model's name.
---@field state? "running"|"finished"|"interrupted"|"failed" How they ended, or that they are under way.
---@field since? number|string When they began, at the earliest: seconds as of `os.time`, `"2026-11-27"`, or how long ago, `"12h"`, `"7d"`.
---@field where? string|string[] Conditions such as `"ndcg@20 > 0.1 and seed = 1"`: fields, settings or metrics (on test before others; `valid.ndcg@20` says on which), with < <= > >= = != or ~ for a text within another.
---@field file? string The page; one that is there is replaced. Default "report.html".
---@field title? string What stands above the page; by the runs if left out.
---@field by? string What runs of an experiment share: a field or a setting. Default "name".
---@field metrics? string|string[] The metrics that are compared; those of every experiment by default.
---@field baseline? string The experiment that others are tested against.

--- Writes runs as one page of HTML that opens without a network: `perigee report` does the same.
---@param options? RunStore.report.options
---@return string file The page's path.
function RunStore:report(options) end

---@class (exact) RunStore.add.options
---@field name string Its name, shared by runs that differ in the seed alone.
---@field model? string The model's name. Default "".
---@field data? string The data set's name.
---@field seed? integer The seed.
---@field settings? table<string, any> Settings by name: numbers, strings, booleans.
---@field results? table<string, number> Metrics by name, of the part `on`.
---@field on? string The part that `results` are of. Default "test".
---@field tags? string|string[] Tags.
---@field notes? string Notes. Default "".
---@field started? number When it began, seconds as of `os.time`; now by default.
---@field seconds? number Seconds that it took. Default 0.
---@field key? string What it is found by; see `keep`.
---@field values? table<string, any> What is kept with it; see `keep`.

--- Adds a finished run that a script made by itself, such as one with a loop of its own.
---@param options RunStore.add.options
---@return string id The run's identifier.
function RunStore:add(options) end

---@class (exact) RunStore.keep.options
---@field values? table<string, any> Strings, lists of numbers or tensors by name.
---@field key? string The run's key.

--- Keeps texts and lists of numbers with a run, and a key by which it is found again.
---@param id string The run's identifier, or as much of its beginning as no other has.
---@param options? RunStore.keep.options
---@return RunStore store The store.
function RunStore:keep(id, options) end

--- What is kept with a run under a name: a string or a list of numbers; nil where nothing is.
---@param id string The run's identifier, or as much of its beginning as no other has.
---@param name string The name.
---@return any value The value.
function RunStore:kept(id, name) end

--- The newest run with a key, as `list` gives it; nil where there is none.
---@param key string What `keep` or `add` gave it as a key.
---@return any run The run.
function RunStore:find(key) end

--- Adds a file to those that came of a run.
---@param id string The run's identifier, or as much of its beginning as no other has.
---@param path string The file.
---@param kind? string What it is, in a word. Default "file".
---@return RunStore store The store.
function RunStore:attach(id, path, kind) end

--- Adds tags to a run.
---@param id string The run's identifier, or as much of its beginning as no other has.
---@param tags string|string[] The tags.
---@return RunStore store The store.
function RunStore:tag(id, tags) end

--- Takes tags from a run.
---@param id string The run's identifier, or as much of its beginning as no other has.
---@param tags string|string[] The tags.
---@return RunStore store The store.
function RunStore:untag(id, tags) end

--- Sets the notes on a run.
---@param id string The run's identifier, or as much of its beginning as no other has.
---@param notes string The notes.
---@return RunStore store The store.
function RunStore:note(id, notes) end

--- Gives a run another name.
---@param id string The run's identifier, or as much of its beginning as no other has.
---@param name string The name.
---@return RunStore store The store.
function RunStore:rename(id, name) end

--- Deletes a run.
---@param id string The run's identifier, or as much of its beginning as no other has.
---@return RunStore store The store.
function RunStore:delete(id) end

--- A search in this store by its name, to read what it has found, also while it is under way.
---@param name string The study's name.
---@return Study study The study.
function RunStore:study(name) end

--- The names of all searches in this store, the newest first; `print` shows them as a table.
---@return string[] names The names.
function RunStore:studies() end

--- Releases the native memory now; the handle cannot be used afterwards.
function RunStore:free() end

--- What a setting of a search may be.
---@class Dimension
local Dimension = {}

--- Releases the native memory now; the handle cannot be used afterwards.
function Dimension:free() end

--- Given to a `space` that is a function, which asks it for one setting after another; what is asked next may depend on what came.
---@class Space
local Space = {}

--- One of some values.
---@param name string The setting's name.
---@param values (string|number|boolean)[] The values: strings, numbers or booleans. For more than that choose a name, and look it up in a table.
---@return any value What this trial has.
function Space:choice(name, values) end

---@class (exact) Space.uniform.options
---@field points? integer How many values a grid tries, both ends among them.

--- A number of a range, each part as likely as another of its width.
---@param name string The setting's name.
---@param low number The lower end.
---@param high number The upper end.
---@param options? Space.uniform.options
---@return number value What this trial has.
function Space:uniform(name, low, high, options) end

---@class (exact) Space.log_uniform.options
---@field points? integer How many values a grid tries, both ends among them.

--- A number of a range above 0, each order of magnitude as likely as another.
---@param name string The setting's name.
---@param low number The lower end.
---@param high number The upper end.
---@param options? Space.log_uniform.options
---@return number value What this trial has.
function Space:log_uniform(name, low, high, options) end

---@class (exact) Space.integer.options
---@field log? boolean Whether each order of magnitude is as likely as another. Default false.
---@field points? integer How many values a grid tries, both ends among them.

--- An integer of a range, both ends included.
---@param name string The setting's name.
---@param low integer The smallest.
---@param high integer The largest.
---@param options? Space.integer.options
---@return integer value What this trial has.
function Space:integer(name, low, high, options) end

--- Releases the native memory now; the handle cannot be used afterwards.
function Space:free() end

--- A laboratory for recommendation from implicit feedback.
---@class perigee
---@field version string The version of Perigee.
local perigee = {}

--- Reads a config: a Lua file that returns a table of plain data.
---@param path string The file.
---@return any config What the file returns.
function perigee.config(path) end

---@class (exact) perigee.show.options
---@field columns? string[] Which keys of records are shown, in this order; titles of the places where rows are lists. All, texts first, if left out.
---@field decimals? integer Decimals of numbers that are not whole. Default 4.
---@field rows? integer Rows that are shown, the first and the last where there are more. Default 40.
---@field width? integer Columns of characters; that of the terminal if left out, or 200 elsewhere.
---@field title? string A line above.

--- Prints a value for a person: rows and columns where it is that, as the prompt does.
---@param value? any What is shown.
---@param options? perigee.show.options
function perigee.show(value, options) end

--- The number of threads in use; with an argument, sets it. Results do not depend on it.
---@param count? integer Threads from now on.
---@return integer count Threads in use.
function perigee.threads(count) end

--- Seconds on a clock that only goes forward, for timing.
---@return number seconds Since some fixed moment.
function perigee.seconds() end

--- Megabytes of memory that the process holds now, and at most held so far.
---@return number now MB now.
---@return number peak MB at the most.
function perigee.memory() end

---@class (exact) perigee.trainer.options.weight
---@field half_life? number When a positive counts half as much.

---@class (exact) perigee.trainer.options.regularization
---@field weight number|Schedule|(fun(epoch: integer, step: integer): number) Its weight, the c or lambda of the papers.
---@field scope? "batch"|"batch_mean"|"per_sample"|"tables"|"tables_touched" batch: c/2 of the rows looked up, summed (UIB). batch_mean: the same over B (LightGCN, BSL). per_sample: c/B of the rows looked up (PRIS' activity regularization of coefficient c B). tables: c/2 of all rows in every batch (SimpleX, MML; exact and slow). tables_touched: the same for the batch's users and for items of which a score has a derivative other than 0. Default "batch_mean".

---@class (exact) perigee.trainer.options
---@field model Model What is trained.
---@field data? Split The split to train on; the model's own by default.
---@field loss loss|(fun(s: LossScores): LossValue) What is minimized: a loss, or a function from the scores of a batch to a value (see `losses.traced`).
---@field sampler sampler Where negatives come from.
---@field optimizer Optimizer How parameters move.
---@field batch? integer Positives in a batch. Default 256.
---@field accumulate? integer Batches whose gradients make one step, by their mean; what is left at the end of an epoch makes a smaller one. Default 1.
---@field seed? integer Of the order, the negatives and the dropout. Default 0.
---@field shuffle? boolean Whether each epoch has a new order. Default true.
---@field replacement? boolean Whether each epoch draws its positives with replacement, whole batches of them, one more than fit into the train part (UIB's code), instead of visiting each once. Default false.
---@field weight? Tensor|Parameter|BatchRows|perigee.trainer.options.weight|table|"rating"|(fun(users: BatchRows, positives: BatchRows, place: table): Tensor) How much each positive counts. Numbers from 0 for the interactions of the train part, user after user as `split:users()` and `split:items_of(user)` list them; "rating": the data's ratings; { half_life = h }: 2^(-age / h), the age counted from the latest interaction of the train part in the data's unit of time; or a function that is called once a batch, with `epoch`, `step`, `number` and `negative_count` in `place`, for a tensor [B], or [B, N] of each triplet. A loss that does not read `s.weight` has each positive's part and its derivatives multiplied by it; means still divide by all positives. [B, N] multiplies the terms of pairwise losses.
---@field regularization? perigee.trainer.options.regularization An L2 term of the loss.
---@field corrupted? "pairs"|"boundary" Counts the samples that stand on the wrong side before each step, for reports and the history: `pairs`, those of a positive and a negative with s_n > s_p (BPR); `boundary`, positives with b > s_p and negatives with s_n > b (UIB).
---@field terms? term[] What else is added to the loss (see `perigee.terms`).
---@field weighting? TripletImportance Weights of triplets that are learned with the model, in place of `weight` (see `perigee.weighting`).

--- Trains a model on the train part of a split, batch by batch.
---@param options perigee.trainer.options
---@return Trainer trainer The trainer.
function perigee.trainer(options) end

---@class (exact) perigee.model.options
---@field data Split Whose users and items.
---@field name? string Its name in messages. Default "model".
---@field parameters table<string, Parameter> What the optimizer moves, by any keys.
---@field encode fun(users: BatchRows, items: BatchRows, parameters: table, batch: table|nil): any, any See above.
---@field score? "dot"|"cosine"|"euclidean"|(fun(users: Tensor, items: Tensor): Tensor) How two rows make a score, as for `perigee.models.mf`. Default "cosine".
---@field each_row? boolean Whether each row of a batch is encoded by itself, beside its positive (see `users:history`), not each user once. Default false.
---@field boundary? "linear"|"linear_bias"|"user" As for `perigee.models.mf`.
---@field dropout? number|Schedule|(fun(epoch: integer, step: integer): number) Share of a user's row that is dropped in training. Default 0.
---@field dropout_on? "scoring"|"parameters" As for `perigee.models.mf`. Default "scoring".
---@field seed? integer Of the boundary's first values. Default 0.

--- A model written in Lua: parameters, and a function that makes rows of users and items from them.
---@param options perigee.model.options
---@return Model model The model.
function perigee.model(options) end

---@class (exact) perigee.load.options
---@field data Split|Dataset The split that the model was trained on or is to be used with, or the data set itself.
---@field also? Parameter[] Parameters that were kept with the model and are to be put back too.

--- Makes the model that `model:save` wrote to a file, without being told what it is.
---@param path string The file.
---@param options perigee.load.options
---@return Model model The model.
function perigee.load(path, options) end

---@class (exact) perigee.parameter.options.init
---@field kind? "normal"|"uniform"|"xavier_uniform"|"xavier_normal" Distribution of the numbers. Default "normal".
---@field std? number Deviation of `normal`. Default 0.1.
---@field bound? number Bound of `uniform`. Default 0.1.

---@class (exact) perigee.parameter.options
---@field name? string What the optimizer's groups and messages call it. Default "parameter".
---@field per? "user"|"item" A row for each user or item; shared by all if left out.
---@field data? Split Whose users or items; wanted with `per`.
---@field dim? integer Numbers in a row, with `per`. Default 1.
---@field shape? integer[] Of a shared parameter: { columns } or { rows, columns }; a scalar if left out.
---@field init? number|perigee.parameter.options.init How it starts: a number, or how numbers are drawn.
---@field min? number No number is less after a step.
---@field max? number No number is more after a step.
---@field seed? integer Of drawn numbers. Default 0.

--- Numbers that the optimizer moves: a scalar, a row for each user or item, or a shared vector or matrix.
---@param options? perigee.parameter.options
---@return Parameter parameter The parameter.
function perigee.parameter(options) end

---@class (exact) perigee.search.options.prune
---@field by? "halving"|"median" halving or median. Default "halving".
---@field first? integer halving: the first epoch at which trials are compared. Default 1.
---@field factor? integer halving: one in so many goes on, and to so many times the epochs. Default 3.
---@field trials? integer median: trials that must have finished before any is pruned. Default 5.
---@field after? integer median: an epoch up to which none is pruned. Default 0.

---@class (exact) perigee.search.options
---@field space (fun(s: Space))|table The settings: a table of names with what each may be, made by `perigee.space`, a list to choose from, or one value; or a function that asks `s:choice(name, values)`, `s:uniform(name, low, high)`, `s:log_uniform` and `s:integer`, with conditions by `if`.
---@field run fun(settings: table, trial: Trial): number|table Runs one trial and returns its value.
---@field trials? integer Trials in all, of this call and earlier ones; for a grid all combinations by default.
---@field method? "tpe"|"random"|"grid" tpe: values like those of the better trials so far, by densities, and one in seven at random. random: each by itself. grid: all combinations. Default "tpe".
---@field goal? "maximize"|"minimize" Whether larger or smaller values are better. Default "maximize".
---@field seeds? integer|integer[] How often each trial runs, with the seeds 1, 2, ..., or a list of them; its value is the mean. Default 1.
---@field seed? integer The seed of the search itself. Default 1.
---@field prune? "halving"|"median"|perigee.search.options.prune Whether trials end early that fall behind others after as many epochs; they say how they stand by `trial:watch` or `trial:report`. None ends after an epoch that no other has gone beyond.
---@field startup? integer Random trials before TPE begins to choose. Default 10.
---@field name? string The study's name in the store; the script's name by default.
---@field store? string The store's file; `$PERIGEE_STORE` by default, or `~/.perigee/runs.sqlite`.
---@field parallel? integer Trials at once, each in a process: further ones run this script with these arguments up to the search. They share the threads. Default 1.
---@field failures? integer Failed trials in a row that end the search with an error. Default 5.
---@field attempts? integer Times that a trial may end its process (killed, out of memory) before it fails. Default 5.
---@field retry? boolean Whether trials that failed are run again. Default false.
---@field wait? boolean Whether the search ends only when the trials of other processes have ended, too. Default true.
---@field progress? boolean Whether each trial is told on standard error. Default true.

--- Searches for the best settings: runs a function with one setting after another and keeps what each came to in a store.
--- Source: TPE: Bergstra et al., NeurIPS 2011. Halving: Li et al., MLSys 2020 (ASHA). Median: Golovin et al., KDD 2017 (Vizier).
---@param options perigee.search.options
---@return Study study What was found; `print` shows it.
function perigee.search(options) end

---@class (exact) perigee.evaluate.options.candidates
---@field count integer Items that are drawn for each user.
---@field seed? integer Of the draw. Default 0.

---@class (exact) perigee.evaluate.options
---@field on? "test"|"valid" The part whose items are looked for. Default "test".
---@field metrics? string|table Names such as `recall@20`, and functions by a name of their own: `{ "ndcg@20", rare = function(list, truth, user) ... end }`. A function gets the user's list, identifiers best first; the items looked for as a table `{ [item] = true }`; and the user. It is called for each user when all are ranked, and returns a number, of which the mean is taken. Default { "recall@20", "ndcg@20" }.
---@field length? integer Items in the list that a function of `metrics` gets, 20 if left out; `["novelty@10"] = function ...` says it for one.
---@field users? (string|integer)[]|(fun(user: string): boolean) Who is evaluated, of those with items in the part: identifiers, or a function that says it of each.
---@field groups? "activity"|(fun(user: string): string|integer|nil) The name of the group that a user belongs to, or nil for none; "activity": quarters of the users by how many items they have in the train part, 1 the least active. The means of each group stand in `groups` beside those of all.
---@field item_groups? "popularity"|(fun(item: string): string|integer|nil) The same of items: what is looked for of each group is measured by itself, by metrics of hits; "popularity": quarters of the train interactions by how many users have their items, 1 the least popular items. Stands in `item_groups`.
---@field ties? "order"|"against" Which of two items with equal scores stands first. `order`: the one that the data has first. `against`: the one that is not looked for, so that equal scores win nothing. Default "order".
---@field mask? "auto"|"train"|"train+valid"|"none" What a list must not contain. `auto`: the train items, and when testing those of the validation part too where there is one. Default "auto".
---@field candidates? string|perigee.evaluate.options.candidates|table What is ranked. `all`: every item. `{ count = 100, seed = 1 }`: for each user so many distinct items that the user has in no part, drawn once by the seed, the same for every part and model. `given`: the lists that came with the data. A table from users to lists of items; or the path of a file with lines `user item item ...`, or NCF's `(user,item) item ...`. Only the scores of candidates are computed, and lists are ranked as they are unless `mask` says otherwise. Numbers compare with others of the same candidates alone. Default "all".
---@field repeats? "once"|"each" How often a candidate counts that a list holds twice, or that is looked for itself: `once`, as in NCF's code, or `each` time that it is listed, as in UIB's. Default "once".
---@field any_split? boolean Whether a model that was trained on another split than this is taken: what it saw there may be among what is looked for. Default false.
---@field per_user? boolean Adds `per_user`: `user`, a list of identifiers, and for each metric the list of their values. Default false.

--- Ranks all items, or candidates, for every user who has items in the chosen part, and measures where those items stand.
---
--- recall@k = |R_k ∩ T| / |T|;  ndcg@k = Σ_p h_p / log2(p + 2) / Σ_{p < min(k, |T|)} 1 / log2(p + 2);  novelty@k = mean of -log2(max(c_i, 1) / U), c_i of U users have item i in train;  popularity@k = mean of c_i;  tail@k = share of the list outside the most popular items that have 80 % of train;  diversity@k = mean over pairs of 1 - |U_i ∩ U_j| / sqrt(c_i c_j);  coverage@k = share of all items that are recommended to anybody;  gini@k = Gini index of how often items are
---@param model Model The model.
---@param split Split The split; of the data set that the model was made for.
---@param options? perigee.evaluate.options
---@return table result The mean of each metric by its name, and `users`, the number of users in the means; `groups`, where asked for, has the same of each group by its name, and `item_groups` of what is looked for of each group of items, with `pairs`, how many these are, and `candidates` tells what is to know of these.
function perigee.evaluate(model, split, options) end

---@class (exact) perigee.evaluate_lists.options
---@field on? "test"|"valid" The part whose items are looked for. Default "test".
---@field metrics? string|table Names such as `recall@20`, and functions by a name of their own: `{ "ndcg@20", rare = function(list, truth, user) ... end }`. A function gets the user's list, identifiers best first; the items looked for as a table `{ [item] = true }`; and the user. It is called for each user when all are ranked, and returns a number, of which the mean is taken. Default { "recall@20", "ndcg@20" }.
---@field length? integer Items in the list that a function of `metrics` gets, 20 if left out; `["novelty@10"] = function ...` says it for one.
---@field users? (string|integer)[]|(fun(user: string): boolean) Who is evaluated, of those with items in the part: identifiers, or a function that says it of each.
---@field groups? "activity"|(fun(user: string): string|integer|nil) The name of the group that a user belongs to, or nil for none; "activity": quarters of the users by how many items they have in the train part, 1 the least active. The means of each group stand in `groups` beside those of all.
---@field item_groups? "popularity"|(fun(item: string): string|integer|nil) The same of items: what is looked for of each group is measured by itself, by metrics of hits; "popularity": quarters of the train interactions by how many users have their items, 1 the least popular items. Stands in `item_groups`.
---@field ties? "order"|"against" Which of two items with equal scores stands first. `order`: the one that the data has first. `against`: the one that is not looked for, so that equal scores win nothing. Default "order".
---@field mask? "auto"|"train"|"train+valid"|"none" What a list must not contain. `auto`: the train items, and when testing those of the validation part too where there is one. Default "none".
---@field format? "lists"|"scores"|"trec" How the file is written; told by its content where left out.
---@field per_user? boolean Adds `per_user`, as in `perigee.evaluate`. Default false.

--- Measures lists that another program made, from a file or a table, as those of a model are measured.
---@param lists string|table Path of the file, or a table from users to lists of items, best first.
---@param split Split The split whose items are looked for.
---@param options? perigee.evaluate_lists.options
---@return table result As of `perigee.evaluate`; `users_without` is the number of users whom the lists leave out. `groups`, where asked for, has the same of each group by its name, and `item_groups` of what is looked for of each group of items, with `pairs`, how many these are.
function perigee.evaluate_lists(lists, split, options) end

---@class (exact) perigee.recommend.options
---@field k? integer Length of a list; shorter where fewer items are left. Default 10.
---@field mask? "auto"|"train"|"train+valid"|"none" What a list must not contain. `auto`: the train items, and when testing those of the validation part too where there is one. Default "auto".
---@field any_split? boolean Whether items are left out though the model was trained on other ones than those of its split. Default false.

--- The best items for a user, or for each of several, that they do not have yet.
---@param model Model The model.
---@param users string|integer|string[]|integer[] Identifier of a user, or a list of them.
---@param options? perigee.recommend.options
---@return table items Best first: `item`, `score`, and `title` where the data has one; `print` shows them as a table. For a list of users a list of such lists, each with its `user`.
function perigee.recommend(model, users, options) end

---@class (exact) perigee.evaluate_boundary.options
---@field offsets? number[] Added to every user's boundary; { 0 } if left out.
---@field on? "all"|"train"|"valid"|"test" The part whose items count as those that a user has. Default "all".
---@field users? (string|integer)[] Who is counted; everybody if left out.
---@field any_split? boolean Whether a model that was trained on another split than this is taken. Default false.

--- Decides for every user and every item by the user's boundary, and measures the decisions.
---
--- predicted: s(u, x) > b_u + offset
--- Source: "Learning Explicit User Interest Boundary for Recommendation", WWW 2022, section 4.6 and Figure 6
---@param model Model The model.
---@param split Split The split; of the data set that the model was made for.
---@param options? perigee.evaluate_boundary.options
---@return table quality A row for each offset: `offset`, `precision`, `recall`, `f1`, `macro_precision`, `macro_recall`, `macro_f1`, `predicted`, `filtered`, `filtered_share`; and `users`, how many were counted, `items`, how many there are. `print` shows it as a table.
function perigee.evaluate_boundary(model, split, options) end

---@class (exact) perigee.score_distributions.options
---@field on? "all"|"train"|"valid"|"test" The part whose items count as those that a user has. Default "all".
---@field bins? integer Bins of each distribution. Default 50.
---@field range? number[] First and last edge; each distribution from its smallest to its largest value if left out.
---@field seed? integer Of the items that users do not have. Default 0.
---@field values? boolean Whether the numbers themselves are wanted: `values` of each. Default false.
---@field any_split? boolean Whether a model that was trained on another split than this is taken. Default false.

--- How the scores of items that users have, those of items that they do not have, and boundaries are spread.
--- Source: "Learning Explicit User Interest Boundary for Recommendation", WWW 2022, Figures 5, 7 and 9
---@param model Model The model.
---@param split Split The split; of the data set that the model was made for.
---@param options? perigee.score_distributions.options
---@return table distributions `positive`, `negative` and, where the model has one, `boundary`, each with its `name`, `count`, `mean`, `deviation`, `min`, `max`, `edges` (one more than bins), `counts`, and `below` and `above`, how many are outside of the edges. `negative` is nil where nobody is left without an item.
function perigee.score_distributions(model, split, options) end

---@class (exact) perigee.plot.options
---@field kind? "line"|"points"|"bar"|"histogram" line, points, bar or histogram; lines by default, and bars of numbers by name.
---@field title? string What stands above.
---@field x? string What the horizontal axis is.
---@field y? string What the vertical axis is.
---@field log? "x"|"y"|"xy" Axes that are logarithmic.
---@field show? string|string[] Of runs the curves, such as `"loss"`; of numbers by name which of them.
---@field bins? integer Of a histogram; some twenty with round edges by default.
---@field width? integer Characters in a line of the text. Default 72.
---@field height? integer Lines of the text between the axes. Default 12.
---@field ascii? boolean Whether the text is of ASCII alone, for terminals that have no Braille and no blocks. Default false.
---@field file? string A file that gets the picture; its name ends in .svg.

---@class (exact) perigee.plot.chart
---@field text string The chart for a terminal.
---@field svg string The picture.

--- Draws curves, bars or a histogram: `print` shows them as text, and a file gets them as an SVG picture.
---@param data any What is drawn.
---@param options? perigee.plot.options
---@return perigee.plot.chart chart It prints as its text.
function perigee.plot(data, options) end

---@class (exact) perigee.report.options
---@field store? string The store's file; `$PERIGEE_STORE` by default, or `~/.perigee/runs.sqlite`.
---@field ids? string|string[] Runs by identifier; left out for all that the filters leave.
---@field tags? string|string[] Tags that each has.
---@field name? string Their name.
---@field data? string Their data set's name.
---@field model? string Their model's name.
---@field state? "running"|"finished"|"interrupted"|"failed" How they ended, or that they are under way.
---@field since? number|string When they began, at the earliest: seconds as of `os.time`, `"2026-11-27"`, or how long ago, `"12h"`, `"7d"`.
---@field where? string|string[] Conditions such as `"ndcg@20 > 0.1 and seed = 1"`: fields, settings or metrics (on test before others; `valid.ndcg@20` says on which), with < <= > >= = != or ~ for a text within another.
---@field file? string The page; one that is there is replaced. Default "report.html".
---@field title? string What stands above the page; by the runs if left out.
---@field by? string What runs of an experiment share: a field or a setting. Default "name".
---@field metrics? string|string[] The metrics that are compared; those of every experiment by default.
---@field baseline? string The experiment that others are tested against.

--- Writes runs of a store as one page of HTML that opens without a network: `perigee report` does the same.
---@param options? perigee.report.options
---@return string file The page's path.
function perigee.report(options) end

--- A tensor from a number, a nested table of numbers, or a copy of a tensor.
---@param data number|table|Tensor|Parameter|BatchRows The numbers; inner tables have equal lengths.
---@return Tensor tensor A new tensor.
function perigee.tensor(data) end

--- A tensor of zeros.
---@param shape integer|integer[] Lengths of the axes, `{}` for one number.
---@return Tensor tensor A new tensor.
function perigee.zeros(shape) end

--- A tensor of ones.
---@param shape integer|integer[] Lengths of the axes, `{}` for one number.
---@return Tensor tensor A new tensor.
function perigee.ones(shape) end

--- A tensor with one value everywhere.
---@param shape integer|integer[] Lengths of the axes, `{}` for one number.
---@param value number Of each element.
---@return Tensor tensor A new tensor.
function perigee.full(shape, value) end

--- The numbers that a loop `for i = from, to, step` visits; with one argument 1, 2, ... up to it.
---@param from number The first number; the last one if it is the only argument.
---@param to? number The last number.
---@param step? number The distance. Default 1.
---@return Tensor tensor A new tensor.
function perigee.arange(from, to, step) end

--- Numbers at equal distances, both ends included.
---@param from number The first number.
---@param to number The last number.
---@param count integer How many.
---@return Tensor tensor A new tensor.
function perigee.linspace(from, to, count) end

--- The square matrix with ones on the diagonal.
---@param size integer Rows and columns.
---@return Tensor tensor A new tensor.
function perigee.eye(size) end

--- For each position a row with a single 1 there.
---@param positions integer[]|Tensor|Parameter|BatchRows Positions from 1.
---@param classes integer Length of a row.
---@return Tensor tensor `[positions, classes]`.
function perigee.one_hot(positions, classes) end

---@class (exact) perigee.random_uniform.options
---@field shape integer|integer[] Lengths of the axes.
---@field seed integer The same seed gives the same numbers, at any number of threads.
---@field low? number The least. Default 0.
---@field high? number The bound above. Default 1.

--- Numbers uniform in low <= x < high.
---@param options perigee.random_uniform.options
---@return Tensor tensor A new tensor.
function perigee.random_uniform(options) end

---@class (exact) perigee.random_normal.options
---@field shape integer|integer[] Lengths of the axes.
---@field seed integer The same seed gives the same numbers, at any number of threads.
---@field mean? number Their mean. Default 0.
---@field std? number Their standard deviation. Default 1.

--- Normally distributed numbers.
---@param options perigee.random_normal.options
---@return Tensor tensor A new tensor.
function perigee.random_normal(options) end

---@class (exact) perigee.xavier_uniform.options
---@field shape integer[] Rows, columns and any further axes.
---@field seed integer The same seed gives the same numbers, at any number of threads.
---@field gain? number Factor of the spread. Default 1.

--- Initial parameters, uniformly distributed, whose spread follows from the shape.
---
--- bound = gain * sqrt(6 / (rows + columns))
--- Source: Glorot and Bengio, AISTATS 2010
---@param options perigee.xavier_uniform.options
---@return Tensor tensor A new tensor.
function perigee.xavier_uniform(options) end

---@class (exact) perigee.xavier_normal.options
---@field shape integer[] Rows, columns and any further axes.
---@field seed integer The same seed gives the same numbers, at any number of threads.
---@field gain? number Factor of the spread. Default 1.

--- Initial parameters, normally distributed, whose spread follows from the shape.
---
--- std = gain * sqrt(2 / (rows + columns))
--- Source: Glorot and Bengio, AISTATS 2010
---@param options perigee.xavier_normal.options
---@return Tensor tensor A new tensor.
function perigee.xavier_normal(options) end

--- Reads a NumPy `.npy` file: floats, integers or booleans, rounded to float32.
---@param path string The file.
---@return Tensor tensor A new tensor.
function perigee.read_npy(path) end

--- Reads the tensors of a safetensors file: floats, integers or booleans, rounded to float32.
---@param path string The file.
---@return table<string, Tensor> tensors New tensors by name.
---@return table<string, string> metadata Texts by name.
function perigee.read_safetensors(path) end

---@class (exact) perigee.write_safetensors.options
---@field metadata? table<string, string> Texts by name.

--- Writes tensors by name to a safetensors file (float32), which gets its name when it is whole.
---@param path string The file; one that is there is replaced.
---@param tensors table<string, Tensor> Tensors by name; they are written in the order of the names.
---@param options? perigee.write_safetensors.options
function perigee.write_safetensors(path, tensors, options) end

--- e to the power of each element.
---@param x Tensor|Parameter|BatchRows|number|LossValue Its elements.
---@return Tensor tensor A new tensor.
function perigee.exp(x) end

--- Natural logarithm.
---@param x Tensor|Parameter|BatchRows|number|LossValue Its elements.
---@return Tensor tensor A new tensor.
function perigee.log(x) end

--- log(1 + x), exact for small x.
---@param x Tensor|Parameter|BatchRows|number|LossValue Its elements.
---@return Tensor tensor A new tensor.
function perigee.log1p(x) end

--- Square root.
---@param x Tensor|Parameter|BatchRows|number|LossValue Its elements.
---@return Tensor tensor A new tensor.
function perigee.sqrt(x) end

--- x * x.
---@param x Tensor|Parameter|BatchRows|number|LossValue Its elements.
---@return Tensor tensor A new tensor.
function perigee.square(x) end

--- 1 / x.
---@param x Tensor|Parameter|BatchRows|number|LossValue Its elements.
---@return Tensor tensor A new tensor.
function perigee.reciprocal(x) end

--- Absolute value.
---@param x Tensor|Parameter|BatchRows|number|LossValue Its elements.
---@return Tensor tensor A new tensor.
function perigee.abs(x) end

--- -1, 0 or 1.
---@param x Tensor|Parameter|BatchRows|number|LossValue Its elements.
---@return Tensor tensor A new tensor.
function perigee.sign(x) end

--- Sine.
---@param x Tensor|Parameter|BatchRows|number Its elements.
---@return Tensor tensor A new tensor.
function perigee.sin(x) end

--- Cosine.
---@param x Tensor|Parameter|BatchRows|number Its elements.
---@return Tensor tensor A new tensor.
function perigee.cos(x) end

--- Hyperbolic tangent.
---@param x Tensor|Parameter|BatchRows|number|LossValue Its elements.
---@return Tensor tensor A new tensor.
function perigee.tanh(x) end

--- 1 / (1 + exp(-x)).
---@param x Tensor|Parameter|BatchRows|number|LossValue Its elements.
---@return Tensor tensor A new tensor.
function perigee.sigmoid(x) end

--- The larger of x and 0.
---@param x Tensor|Parameter|BatchRows|number|LossValue Its elements.
---@return Tensor tensor A new tensor.
function perigee.relu(x) end

--- log(1 + exp(x)), finite for every finite x.
---@param x Tensor|Parameter|BatchRows|number|LossValue Its elements.
---@return Tensor tensor A new tensor.
function perigee.softplus(x) end

--- log(sigmoid(x)), finite for every finite x.
---@param x Tensor|Parameter|BatchRows|number|LossValue Its elements.
---@return Tensor tensor A new tensor.
function perigee.logsigmoid(x) end

--- The next whole number below.
---@param x Tensor|Parameter|BatchRows|number Its elements.
---@return Tensor tensor A new tensor.
function perigee.floor(x) end

--- The next whole number above.
---@param x Tensor|Parameter|BatchRows|number Its elements.
---@return Tensor tensor A new tensor.
function perigee.ceil(x) end

--- The nearest whole number, halves to the even one.
---@param x Tensor|Parameter|BatchRows|number Its elements.
---@return Tensor tensor A new tensor.
function perigee.round(x) end

--- 1 for a number, 0 for infinity and NaN.
---@param x Tensor|Parameter|BatchRows|number Its elements.
---@return Tensor tensor A new tensor.
function perigee.is_finite(x) end

--- x to the power of y; NaN for a negative x and a y that is not whole.
---@param x Tensor|Parameter|BatchRows|number|LossValue One.
---@param y Tensor|Parameter|BatchRows|number|LossValue The other; both broadcast.
---@return Tensor tensor A new tensor.
function perigee.pow(x, y) end

--- The smaller of two elements; NaN where either is.
---@param x Tensor|Parameter|BatchRows|number|LossValue One.
---@param y Tensor|Parameter|BatchRows|number|LossValue The other; both broadcast.
---@return Tensor tensor A new tensor.
function perigee.minimum(x, y) end

--- The larger of two elements; NaN where either is.
---@param x Tensor|Parameter|BatchRows|number|LossValue One.
---@param y Tensor|Parameter|BatchRows|number|LossValue The other; both broadcast.
---@return Tensor tensor A new tensor.
function perigee.maximum(x, y) end

--- Elements of one tensor where a condition is not 0, of another elsewhere.
---@param condition Tensor|Parameter|BatchRows|number|LossValue 0 or not 0.
---@param yes Tensor|Parameter|BatchRows|number|LossValue Taken where it is not 0.
---@param no Tensor|Parameter|BatchRows|number|LossValue Taken where it is 0; all three broadcast.
---@return Tensor tensor A new tensor.
function perigee.where(condition, yes, no) end

--- x where it is positive, else slope * x.
---@param x Tensor|Parameter|BatchRows|LossValue The tensor.
---@param slope? number|LossValue Factor of what is negative. Default 0.01.
---@return Tensor tensor A new tensor.
function perigee.leaky_relu(x, slope) end

---@class (exact) perigee.dropout.options
---@field rate number Probability that an element is dropped.
---@field seed integer The same seed and position drop the same elements.
---@field position? integer A further coordinate of the random numbers, such as the step. Default 0.

--- Each element is 0 with probability `rate`, else divided by 1 - rate.
---@param x Tensor|Parameter|BatchRows The tensor.
---@param options perigee.dropout.options
---@return Tensor tensor A new tensor.
function perigee.dropout(x, options) end

---@class (exact) perigee.normalize.options
---@field floor? number The least that is divided by. Default 1e-12.

--- x / max(norm of x, floor) along an axis: rows of length 1.
---@param x Tensor|Parameter|BatchRows The tensor.
---@param axis? integer Along which the length is taken. Default -1.
---@param options? perigee.normalize.options
---@return Tensor tensor A new tensor.
function perigee.normalize(x, axis, options) end

--- Running sums along an axis: element i is the sum of the elements up to i.
---@param x Tensor|Parameter|BatchRows|LossValue The tensor.
---@param axis? integer|LossValue Along which. Default -1.
---@return Tensor tensor A new tensor.
function perigee.cumsum(x, axis) end

--- For each segment the sum of the rows (positions of the first axis) that belong to it; 0 where there are none.
---@param x Tensor|Parameter|BatchRows The tensor.
---@param segments integer[]|Tensor|Parameter|BatchRows For each row its segment, from 1.
---@param count integer Number of segments.
---@return Tensor tensor A new tensor.
function perigee.segment_sum(x, segments, count) end

--- For each segment the mean of the rows (positions of the first axis) that belong to it; 0 where there are none.
---@param x Tensor|Parameter|BatchRows The tensor.
---@param segments integer[]|Tensor|Parameter|BatchRows For each row its segment, from 1.
---@param count integer Number of segments.
---@return Tensor tensor A new tensor.
function perigee.segment_mean(x, segments, count) end

--- The elements of `hard`; the gradient goes to `soft`, as if that were returned.
--- Source: Bengio, Leonard and Courville, 2013, section 4
---@param hard Tensor|Parameter|BatchRows The value.
---@param soft Tensor|Parameter|BatchRows Receives the gradient; of the same shape.
---@return Tensor tensor A new tensor.
function perigee.straight_through(hard, soft) end

--- Tensors one after another along an axis; their other axes are equal.
---@param parts (Tensor|Parameter|BatchRows)[] At least one.
---@param axis? integer Along which. Default 1.
---@return Tensor tensor A new tensor.
function perigee.concatenate(parts, axis) end

--- Tensors of one shape beside each other on a new axis.
---@param parts (Tensor|Parameter|BatchRows)[] At least one.
---@param axis? integer The place of the new axis. Default 1.
---@return Tensor tensor A new tensor.
function perigee.stack(parts, axis) end

--- The matrix product of the last two axes; axes before them broadcast.
---@param left Tensor|Parameter|BatchRows `[..., n, m]`, or `[m]`.
---@param right Tensor|Parameter|BatchRows `[..., m, p]`, or `[m]`.
---@return Tensor tensor A new tensor.
function perigee.matmul(left, right) end

---@class (exact) perigee.gradient.options
---@field gradient? Tensor What each element of the result counts; needed where it is not a single number.
---@field retain_graph? boolean Whether the graph may be used again; otherwise its memory is freed on the way. Default false.
---@field create_graph? boolean Whether the gradients can themselves be differentiated. Also retains the graph. Default false.
---@field allow_unused? boolean Whether an input that the result does not depend on gives nil; otherwise it is an error. Default false.

--- The derivatives of a tensor with respect to others, without touching their `gradient`.
---@param result Tensor What is differentiated.
---@param inputs Tensor|Tensor[] With respect to what; each requires a gradient, or depends on one that does.
---@param options? perigee.gradient.options
---@return Tensor gradients One for each input, of its shape; several results.
function perigee.gradient(result, inputs, options) end

---@class (exact) perigee.row_gradient.options
---@field gradient? Tensor What each element of the result counts; needed where it is not a single number.
---@field retain_graph? boolean Whether the graph may be used again; otherwise its memory is freed on the way. Default false.

--- The derivative with respect to a table of which rows were gathered: only the rows that have one.
---@param result Tensor What is differentiated.
---@param table Tensor Requires a gradient.
---@param options? perigee.row_gradient.options
---@return integer[] positions The rows, ascending.
---@return Tensor values Their gradients: `[positions, ...]`.
function perigee.row_gradient(result, table, options) end

--- Calls a function without recording: its results cannot be differentiated, and tensors may be written in place.
---@param body fun(...): any What is called.
---@param ... any What it is called with.
---@return any results What it returns.
function perigee.no_gradient(body, ...) end

--- The same elements as a constant: nothing flows back through the result.
---@param x Tensor|Parameter|BatchRows|number|LossValue A tensor or a number.
---@return Tensor view Sees the same elements.
function perigee.stop_gradient(x) end

---@class (exact) perigee.check_gradient.options
---@field step? number Distance of the differences, relative to an element above 1. Default 0.015625.
---@field tolerance? number The error that is allowed, relative to the largest derivative, or 1. Default 0.001.

--- Compares the gradients of a function with central finite differences; where they disagree, an error says where.
---@param body fun(...: Tensor): Tensor What is checked.
---@param inputs Tensor|Tensor[] Where.
---@param options? perigee.check_gradient.options
---@return number error The largest absolute error.
function perigee.check_gradient(body, inputs, options) end

---@class (exact) perigee.sparse.options
---@field shape integer[] Rows and columns.
---@field columns integer[]|Tensor|Parameter|BatchRows For each entry its column, from 1.
---@field rows? integer[]|Tensor|Parameter|BatchRows For each entry its row, from 1.
---@field starts? integer[] For each row its first entry, from 1, and at the end the number of entries and 1.
---@field values? number[]|Tensor|Parameter|BatchRows For each entry its value; 1 where they are left out.

--- A matrix most of whose elements are 0, such as the neighbors in a graph.
---@param options perigee.sparse.options
---@return SparseMatrix matrix The matrix; it does not change.
function perigee.sparse(options) end

--- Data sets: opened from files of any of the field's formats, by a known name, from a script's own columns, or made from a seed.
---@class perigee.data
perigee.data = {}

---@class (exact) perigee.data.open.options
---@field format? "lists"|"counted_lists"|"table"|"recbole"|"json_lines"|"matlab" The format, where its content leaves a doubt.
---@field columns? string[]|table<string, string|integer> Which columns of a table mean what, by the header's names or by place: `{ user = "userId", item = 2, time = "timestamp" }`, out of `user`, `item`, `rating`, `time` and `title`; or all of them from left to right, `_` for one to ignore. For JSON the keys of user, item, rating and time.
---@field separator? string What separates a table's columns: `,` `;` `|` `::`, a tab, or a space for runs of them.
---@field header? boolean Whether a table's first line is a header.
---@field titles? string A file with the items' titles, where it does not lie beside the data under a usual name.
---@field on_bad_line? "error"|"skip" What happens at a line that is wrong: skipped ones are counted. Default "error".
---@field duplicates? "first"|"last"|"max"|"error" Which of a user's repeated interactions with an item stays; `max`: the best rated. Default "first".
---@field overlap? "error"|"earlier" What happens to a pair in two parts of a published split: `earlier` keeps it in the first of them. Default "error".
---@field catalog? "seen"|"range" Which users and items there are: those `seen`, or every whole number from 0 to the highest. Default "seen".
---@field cache? boolean Whether the parsed set is kept for the next time. Default true.

--- Opens a data set by a known name or the path of a file or folder; the format is told by the content.
---@param name string A known name (`perigee.data.list()`), or a path.
---@param options? perigee.data.open.options
---@return Dataset dataset The data set.
function perigee.data.open(name, options) end

---@class (exact) perigee.data.from.options
---@field users table|Tensor|Parameter|BatchRows The user of each interaction.
---@field items table|Tensor|Parameter|BatchRows The item of each.
---@field ratings? table|Tensor|Parameter|BatchRows The rating of each, or how often.
---@field times? table|Tensor|Parameter|BatchRows When each was: numbers in any unit, or dates, which become seconds since 1970.
---@field name? string What the set is called. Default "from".
---@field duplicates? "first"|"last"|"max"|"error" Which of a user's repeated interactions with an item stays; `max`: the best rated. Default "first".

--- Makes a data set from columns that a script has: the users and items of its interactions.
---@param options perigee.data.from.options
---@return Dataset dataset The data set.
function perigee.data.from(options) end

---@class (exact) perigee.data.synthetic.options
---@field users? integer Users. Default 1000.
---@field items? integer Items. Default 500.
---@field interests? integer Groups of items that serve one interest each. Default 10.
---@field interests_per_user? integer Interests of a user. Default 2.
---@field interactions_per_user? integer Interactions of a user on average, from half to one and a half of it. Default 30.
---@field noise? number Share of interactions that have nothing to do with the user's interests. Default 0.1.
---@field skew? number How unequal items are: rank r within an interest is chosen in proportion to 1 / r^skew. Default 0.8.
---@field seed? integer The same seed makes the same set. Default 0.

--- Makes a data set with planted interests from a seed: always there, and the right answer is known.
---@param options? perigee.data.synthetic.options
---@return Dataset dataset The data set.
function perigee.data.synthetic(options) end

--- The data sets that are known by name.
---@return table[] sets As `perigee.data.info` gives them.
function perigee.data.list() end

--- What is known about a data set: publisher, terms, counts, how to get it, and where it is.
---@param name string A known name.
---@return table info `name`, `title`, `publisher`, `terms`, `users`, `items`, `interactions`, `files`, `by_hand`, and `path` where it is on this machine.
function perigee.data.info(name) end

--- The folder of a known data set, or nil where it is not on this machine.
---@param name string A known name.
---@return string path The folder, or nil.
function perigee.data.find(name) end

--- Brings a known data set to this machine, verifies it, and tells its folder; at once where it is already there.
---@param name string A known name.
---@return string path The folder.
function perigee.data.fetch(name) end

--- Models that give a user's score of an item; `model:fit` fits some, a trainer the others.
---@class perigee.models
perigee.models = {}

---@class (exact) perigee.models.mf.options.init
---@field kind? "normal"|"uniform"|"xavier_uniform"|"xavier_normal" Distribution of the parameters. Default "normal".
---@field std? number Deviation of `normal`; if left out 1e-4 with cosine scores, which do not see the length of a row, and 0.1 with others.
---@field bound? number Bound of `uniform`. Default 0.1.

---@class (exact) perigee.models.mf.options
---@field data Split Whose users and items.
---@field dim? integer Length of a row. Default 64.
---@field score? "dot"|"cosine"|"euclidean" How two rows make a score. Default "cosine".
---@field init? perigee.models.mf.options.init How parameters start.
---@field biases? boolean A bias for each user and item; with dot only. Rows are then two numbers longer: a user's (row, bias, 1), an item's (row, 1, bias). Default false.
---@field boundary? "linear"|"linear_bias"|"user" A boundary between a user's positives and negatives, for losses that read it: linear is <W, P_u> (UIB Eq. 3), linear_bias adds c (its code), user is a free number for each user.
---@field dropout? number|Schedule|(fun(epoch: integer, step: integer): number) Share of a user's row that is dropped in training. Default 0.
---@field dropout_on? "scoring"|"parameters"|"lookups" scoring: on the row that scores, after it is normalized (MML). parameters: before (BSL). lookups: on the user's row and, anew for each score, on the item's (UIB's code), with score = "dot"; L2 terms count whole rows. Default "scoring".
---@field seed? integer Of the initial parameters. Default 0.

--- Matrix factorization: a row of parameters for each user and item.
---
--- dot: <u, v>;  cosine: <u/|u|, v/|v|>;  euclidean: -|u - v|^2;  biases add b_u + b_i to dot
--- Source: Koren et al., Computer 2009; with cosine and dropout on the scoring row it is the MF of SimpleX and MML
---@param options perigee.models.mf.options
---@return Model model The model.
function perigee.models.mf(options) end

---@class (exact) perigee.models.sml.options.init
---@field kind? "normal"|"uniform"|"xavier_uniform"|"xavier_normal" Distribution of the parameters. Default "normal".
---@field std? number Deviation of `normal`; if left out 1e-4 with cosine scores, which do not see the length of a row, and 0.1 with others.
---@field bound? number Bound of `uniform`. Default 0.1.

---@class (exact) perigee.models.sml.options
---@field data Split Whose users and items.
---@field dim? integer Length of a row. Default 32.
---@field init? perigee.models.sml.options.init How rows start, before those longer than 1 are put back; normal with deviation 1 / sqrt(dim) if left out.
---@field boundary? "linear"|"linear_bias"|"user" As for `mf`. Scores are at most 0, and linear_bias reaches below all of them at once.
---@field dropout? number|Schedule|(fun(epoch: integer, step: integer): number) Share of a user's row that is dropped in training. Default 0.
---@field seed? integer Of the initial parameters. Default 0.

--- Symmetric metric learning: rows within the unit ball, their squared distance, and margins that are learned.
---
--- score = -|P_u - Q_x|^2, |P_u| <= 1, |Q_x| <= 1, 0 <= m_u, n_x <= 1
--- Source: Li et al., "Symmetric Metric Learning with Adaptive Margin for Recommendation", AAAI 2020; with boundary it is SML+UIB (WWW 2022, Eq. 11)
---@param options perigee.models.sml.options
---@return Model model The model.
function perigee.models.sml(options) end

---@class (exact) perigee.models.simplex.options.init
---@field kind? "normal"|"uniform"|"xavier_uniform"|"xavier_normal" Distribution of the parameters. Default "normal".
---@field std? number Deviation of `normal`; if left out 1e-4 with cosine scores, which do not see the length of a row, and 0.1 with others.
---@field bound? number Bound of `uniform`. Default 0.1.

---@class (exact) perigee.models.simplex.options
---@field data Split Whose users and items; the train part makes the histories.
---@field dim? integer Length of a row. Default 64.
---@field score? "dot"|"cosine"|"euclidean" How two rows make a score. Default "cosine".
---@field gate? number g, the share of the user's own row. Default 0.5.
---@field aggregator? "mean"|"user_attention"|"self_attention" How the items of a history become one row. Default "mean".
---@field history? "separate"|"shared" Whether rows of a history come from a table of their own or from the items'. Default "separate".
---@field max_history? integer Items of a history that count; all if left out.
---@field mask? "proper"|"code" proper: an attention's weights sum to 1. code: each place of padding adds exp(0) to their denominator, as in the public code. Default "proper".
---@field exclude_positive? boolean Whether a history leaves out the positive beside the user in training. Default true.
---@field init? perigee.models.simplex.options.init How tables start; matrices start Xavier normal.
---@field dropout? number|Schedule|(fun(epoch: integer, step: integer): number) Share of a user's row that is dropped in training. Default 0.
---@field dropout_on? "scoring"|"parameters" As for `mf`. Default "scoring".
---@field seed? integer Of the initial parameters. Default 0.

--- SimpleX: a user's row is a blend of the user's own and of the items that the user has.
---
--- u = g P_u + (1 - g) W_v agg(q_h, h in H_u); attention: softmax_h <tanh(W_k q_h + b_k), P_u or w_q>
--- Source: Mao et al., "SimpleX", CIKM 2021, section 3.2, and its public code
---@param options perigee.models.simplex.options
---@return Model model The model.
function perigee.models.simplex(options) end

---@class (exact) perigee.models.lightgcn.options.init
---@field kind? "normal"|"uniform"|"xavier_uniform"|"xavier_normal" Distribution of the parameters. Default "normal".
---@field std? number Deviation of `normal`; if left out 1e-4 with cosine scores, which do not see the length of a row, and 0.1 with others.
---@field bound? number Bound of `uniform`. Default 0.1.

---@class (exact) perigee.models.lightgcn.options
---@field data Split Whose users and items; the train part makes the graph.
---@field dim? integer Length of a row. Default 64.
---@field score? "dot"|"cosine"|"euclidean" How two rows make a score. Default "dot".
---@field layers? integer K. Default 3.
---@field layer_weights? number[] w_0 of the ego rows, then one for each layer; 1 / (layers + 1) each if left out.
---@field normalization? "symmetric"|"row" symmetric: as the paper. row: each node averages itself and its neighbors; not symmetric. Default "symmetric".
---@field init? perigee.models.lightgcn.options.init How the ego rows start; normal with deviation 0.1 if left out.
---@field boundary? "linear"|"linear_bias"|"user" As for `mf`; P_u is the row that scores, after the graph.
---@field dropout? number|Schedule|(fun(epoch: integer, step: integer): number) Share of the ego rows that is dropped in training, before they are propagated. Default 0.
---@field seed? integer Of the initial parameters. Default 0.

--- LightGCN: rows of users and items are smoothed over the graph of the train part.
---
--- out = sum_k w_k E_k, E_{k+1} = A E_k; symmetric: A = D^-1/2 B D^-1/2; row: A = D^-1 (B + I)
--- Source: He et al., "LightGCN", SIGIR 2020, Eq. 3-8; `row` is the released code of TIL
---@param options perigee.models.lightgcn.options
---@return Model model The model.
function perigee.models.lightgcn(options) end

---@class (exact) perigee.models.mgccf.options.init
---@field kind? "normal"|"uniform"|"xavier_uniform"|"xavier_normal" Distribution of the parameters. Default "normal".
---@field std? number Deviation of `normal`; if left out 1e-4 with cosine scores, which do not see the length of a row, and 0.1 with others.
---@field bound? number Bound of `uniform`. Default 0.1.

---@class (exact) perigee.models.mgccf.options
---@field data Split Whose users and items; the train part makes the graph.
---@field dim? integer Length of a row. Default 64.
---@field score? "dot"|"cosine"|"euclidean" How two rows make a score. Default "dot".
---@field neighbors? integer Similar users of a user, and similar items of an item. Default 10.
---@field init? perigee.models.mgccf.options.init How the tables start; normal with deviation 0.1 if left out.
---@field boundary? "linear"|"linear_bias"|"user" As for `mf`; P_u is the row that scores, after the graph.
---@field dropout? number|Schedule|(fun(epoch: integer, step: integer): number) Share of a user's row that is dropped in training. Default 0.
---@field seed? integer Of the initial parameters. Default 0.

--- Multi-GCCF: a row is made of the own one, of the items (or users) that go with it and of similar users (or items).
---
--- out_u = tanh([e_u; mean e_i, i in N(u)] W_user) + tanh((sum e_v, v in N'(u)) M_user) + tanh(e_u S_user); items likewise
--- Source: Sun et al., "Multi-Graph Convolution Collaborative Filtering", ICDM 2019; one layer as in TIL, section 5.4
---@param options perigee.models.mgccf.options
---@return Model model The model.
function perigee.models.mgccf(options) end

---@class (exact) perigee.models.ncf.options.init
---@field kind? "normal"|"uniform"|"xavier_uniform"|"xavier_normal" Distribution of the embeddings. Default "normal".
---@field std? number Deviation of `normal`. Default 0.01.
---@field bound? number Bound of `uniform`. Default 0.1.

---@class (exact) perigee.models.ncf.options
---@field data Split Whose users and items.
---@field dim? integer Length of an embedding. Default 32.
---@field layers? integer[] Outputs of each hidden layer; three that halve, the first as wide as an embedding, if left out.
---@field tower? integer[] The same after the length of the two embeddings beside each other, as He et al. write it: `{ 64, 32, 16, 8 }`.
---@field layer_init? "glorot_uniform"|"lecun_uniform" How weights of hidden layers start: uniform within sqrt(6 / (inputs + outputs)) or sqrt(3 / inputs). Biases start at 0. Default "glorot_uniform".
---@field dropout_on? "parameters"|"layers" parameters: on each embedding as it is looked up. layers: on the outputs of each hidden layer too. Default "parameters".
---@field init? perigee.models.ncf.options.init How embeddings start.
---@field output_init? "glorot_uniform"|"lecun_uniform" How the weights of the score start. Default "lecun_uniform".
---@field boundary? "linear"|"linear_bias"|"user" As for `mf`, of the user's embedding as it enters the network.
---@field dropout? number|Schedule|(fun(epoch: integer, step: integer): number) Share of each embedding that is dropped in training, anew for each user of a batch's rows and each item. Default 0.
---@field seed? integer Of the initial parameters. Default 0.

--- Neural collaborative filtering: a tower of layers over the embeddings of a user and an item (the MLP variant).
---
--- z_1 = relu(A_1 [P_u; Q_i] + a_1);  z_k = relu(A_k z_{k-1} + a_k);  score = <h, z_K> + c
--- Source: He et al., "Neural Collaborative Filtering", WWW 2017, section 3.3; with boundary it is NCF+UIB (WWW 2022, Eq. 7)
---@param options perigee.models.ncf.options
---@return Model model The model.
function perigee.models.ncf(options) end

---@class (exact) perigee.models.gmf.options.init
---@field kind? "normal"|"uniform"|"xavier_uniform"|"xavier_normal" Distribution of the embeddings. Default "normal".
---@field std? number Deviation of `normal`. Default 0.01.
---@field bound? number Bound of `uniform`. Default 0.1.

---@class (exact) perigee.models.gmf.options
---@field data Split Whose users and items.
---@field dim? integer Length of an embedding. Default 32.
---@field bias? boolean Whether there is a c. Default true.
---@field init? perigee.models.gmf.options.init How embeddings start.
---@field output_init? "glorot_uniform"|"lecun_uniform" How the weights of the score start. Default "lecun_uniform".
---@field boundary? "linear"|"linear_bias"|"user" As for `mf`, of the user's embedding as it enters the network.
---@field dropout? number|Schedule|(fun(epoch: integer, step: integer): number) Share of each embedding that is dropped in training, anew for each user of a batch's rows and each item. Default 0.
---@field seed? integer Of the initial parameters. Default 0.

--- Generalized matrix factorization: an inner product in which each dimension has a weight.
---
--- score = <h, P_u * Q_i> + c
--- Source: He et al., "Neural Collaborative Filtering", WWW 2017, section 3.2
---@param options perigee.models.gmf.options
---@return Model model The model.
function perigee.models.gmf(options) end

---@class (exact) perigee.models.neumf.options.pretrained
---@field gmf Model A `gmf` of the same data.
---@field mlp Model An `ncf` of the same data.
---@field alpha? number What the gmf's score counts; the ncf's counts 1 - alpha. Default 0.5.

---@class (exact) perigee.models.neumf.options.init
---@field kind? "normal"|"uniform"|"xavier_uniform"|"xavier_normal" Distribution of the embeddings. Default "normal".
---@field std? number Deviation of `normal`. Default 0.01.
---@field bound? number Bound of `uniform`. Default 0.1.

---@class (exact) perigee.models.neumf.options
---@field data Split Whose users and items.
---@field dim? integer Length of an embedding in the product. Default 32.
---@field mlp_dim? integer Length of an embedding in the tower; `dim` if left out.
---@field pretrained? perigee.models.neumf.options.pretrained Models to start from.
---@field layers? integer[] Outputs of each hidden layer; three that halve, the first as wide as an embedding, if left out.
---@field tower? integer[] The same after the length of the two embeddings beside each other, as He et al. write it: `{ 64, 32, 16, 8 }`.
---@field layer_init? "glorot_uniform"|"lecun_uniform" How weights of hidden layers start: uniform within sqrt(6 / (inputs + outputs)) or sqrt(3 / inputs). Biases start at 0. Default "glorot_uniform".
---@field dropout_on? "parameters"|"layers" parameters: on each embedding as it is looked up. layers: on the outputs of each hidden layer too. Default "parameters".
---@field init? perigee.models.neumf.options.init How embeddings start.
---@field output_init? "glorot_uniform"|"lecun_uniform" How the weights of the score start. Default "lecun_uniform".
---@field boundary? "linear"|"linear_bias"|"user" As for `mf`, of the user's embedding as it enters the network.
---@field dropout? number|Schedule|(fun(epoch: integer, step: integer): number) Share of each embedding that is dropped in training, anew for each user of a batch's rows and each item. Default 0.
---@field seed? integer Of the initial parameters. Default 0.

--- Neural matrix factorization: `gmf` and the tower of `ncf`, with embeddings of their own, scored together.
---
--- score = <h_g, Pg_u * Qg_i> + <h_m, MLP([Pm_u; Qm_i])> + c
--- Source: He et al., "Neural Collaborative Filtering", WWW 2017, section 3.4
---@param options perigee.models.neumf.options
---@return Model model The model.
function perigee.models.neumf(options) end

---@class (exact) perigee.models.wrmf.options.init
---@field kind? "normal"|"uniform"|"xavier_uniform"|"xavier_normal" Distribution of the parameters. Default "normal".
---@field std? number Deviation of `normal`; if left out 1e-4 with cosine scores, which do not see the length of a row, and 0.1 with others.
---@field bound? number Bound of `uniform`. Default 0.1.

---@class (exact) perigee.models.wrmf.options
---@field data Split Whose users and items; the train part is what it is fitted to.
---@field dim? integer Length of a row. Default 64.
---@field alpha? number By how much observed pairs count more than others. Default 40.
---@field confidence? "one_plus_alpha"|"alpha" one_plus_alpha: c = 1 + alpha, as the paper. alpha: c = alpha, as the library `implicit`. Default "one_plus_alpha".
---@field regularization? number l, of the sum of all rows' squares. Default 0.01.
---@field method? "cholesky"|"cg" cholesky: exact. cg: steps of the conjugate gradient. Default "cholesky".
---@field steps? integer Of the conjugate gradient in an epoch; 3 if left out.
---@field init? perigee.models.wrmf.options.init How rows start.
---@field seed? integer Of the rows at the start. Default 0.

--- Weighted regularized matrix factorization, fitted by alternating least squares.
---
--- min sum_ui c_ui (r_ui - <x_u, y_i>)^2 + l (|X|^2 + |Y|^2);  c = 1 + alpha for what was observed, 1 for the rest
--- Source: Hu, Koren, Volinsky, ICDM 2008, Eq. 3 to 5; cg: Takács, Pilászy, Tikk, RecSys 2011
---@param options perigee.models.wrmf.options
---@return Model model The model.
function perigee.models.wrmf(options) end

---@class (exact) perigee.models.popularity.options
---@field data Split Whose users and items; the train part is what it is fitted to.

--- How many users have an item: the same list for everybody, and the floor for any other model.
---
--- s_ui = |{v : i in I_v}|
---@param options perigee.models.popularity.options
---@return Model model The model.
function perigee.models.popularity(options) end

---@class (exact) perigee.models.ease.options
---@field data Split Whose users and items; the train part is what it is fitted to.
---@field l2? number l, of the sum of all weights' squares. Default 500.

--- A weight from each item to each other, in closed form.
---
--- P = (X'X + l I)^-1;  B_ij = -P_ij / P_jj, 0 on the diagonal;  s_ui = sum_{j in I_u} B_ji
--- Source: Steck, "Embarrassingly Shallow Autoencoders for Sparse Data", WWW 2019, Eq. 8
---@param options perigee.models.ease.options
---@return Model model The model.
function perigee.models.ease(options) end

---@class (exact) perigee.models.item_neighbors.options
---@field data Split Whose users and items; the train part is what it is fitted to.
---@field k? integer Neighbors of an item. Default 100.
---@field shrinkage? number Holds back pairs of items that few users have; 0 is the plain cosine. Default 0.

--- Each of a user's items speaks for the items that most resemble it.
---
--- s_ij = n_ij / (sqrt(n_i n_j) + shrinkage);  s_ui = sum_{j in I_u} s_ji [i in N_k(j)]
--- Source: Deshpande, Karypis, ACM TOIS 2004, sections 4.1 and 4.2: cosine, without normalized rows
---@param options perigee.models.item_neighbors.options
---@return Model model The model.
function perigee.models.item_neighbors(options) end

--- Losses of a positive's score and those of its negatives, for `perigee.trainer`.
---@class perigee.losses
perigee.losses = {}

---@class (exact) perigee.losses.bpr.options
---@field reduction? "mean"|"sum" How the batch's terms become one number: `sum` leaves out the division in front of the equation's sums. Default "mean".

--- Pairwise logistic loss (BPR).
---
--- L = 1/B sum_b 1/N sum_j softplus(s_bj - s_b)
--- Source: Rendle et al., UAI 2009, section 4.1, with N negatives and a mean over the batch
---@param options? perigee.losses.bpr.options
---@return BPRLoss loss The loss.
function perigee.losses.bpr(options) end

---@class (exact) perigee.losses.hinge.options
---@field margin? number|Schedule|(fun(epoch: integer, step: integer): number) By how much a positive should win. Default 1.
---@field reduction? "mean"|"sum" How the batch's terms become one number: `sum` leaves out the division in front of the equation's sums. Default "mean".

--- Pairwise hinge loss.
---
--- L = 1/B sum_b 1/N sum_j [margin + s_bj - s_b]+
--- Source: RecBox PairwiseMarginLoss (MML Table 3)
---@param options? perigee.losses.hinge.options
---@return HingeLoss loss The loss.
function perigee.losses.hinge(options) end

---@class (exact) perigee.losses.weighted_bpr.options
---@field weights fun(batch: table): Tensor|number The weights of a batch.
---@field reduction? "mean"|"sum" How the batch's terms become one number: `sum` leaves out the division in front of the equation's sums. Default "mean".

--- Pairwise logistic loss with a weight for each triplet of user, positive and negative.
---
--- L = 1/(B N) sum_b sum_j w_bj softplus(s_bj - s_b)
--- Source: the inner objective of TIL, Wu et al., CIKM 2022, Eq. 2, with N = 1, which sums
---@param options perigee.losses.weighted_bpr.options
---@return WeightedPairwiseLoss loss The loss.
function perigee.losses.weighted_bpr(options) end

---@class (exact) perigee.losses.bce.options
---@field reduction? "mean"|"sum" How the batch's terms become one number: `sum` leaves out the division in front of the equation's sums. Default "mean".

--- Binary cross-entropy of scores as logits; label 1 for the positive, 0 for the negatives.
---
--- L = 1/(B (1 + N)) sum_b ( softplus(-s_b) + sum_j softplus(s_bj) )
--- Source: RecBox SigmoidCrossEntropyLoss, a sum over everything
---@param options? perigee.losses.bce.options
---@return BinaryCrossEntropyLoss loss The loss.
function perigee.losses.bce(options) end

---@class (exact) perigee.losses.mse.options
---@field reduction? "mean"|"sum" How the batch's terms become one number: `sum` leaves out the division in front of the equation's sums. Default "mean".

--- Squared error to 1 for the positive and 0 for the negatives, summed over the negatives.
---
--- L = 1/B sum_b ( (s_b - 1)^2 / 2 + sum_j s_bj^2 / 2 )
--- Source: RecBox MSELoss (MML Table 3)
---@param options? perigee.losses.mse.options
---@return SquaredLoss loss The loss.
function perigee.losses.mse(options) end

---@class (exact) perigee.losses.triplet.options
---@field margin? number|Schedule|(fun(epoch: integer, step: integer): number) By how much. Default 1.
---@field distance? "negated"|"root"|"cosine" How a score says a distance. negated: -s, the squared distance where scores are euclidean. root: sqrt(-s), the distance itself; a score above 0 has none. cosine: 1 - s. Default "negated".
---@field reduction? "mean"|"sum" How the batch's terms become one number: `sum` leaves out the division in front of the equation's sums. Default "mean".

--- Triplet loss: a positive should be nearer than each negative, by a margin.
---
--- L = 1/(B N) sum_b sum_j [d_b - d_bj + margin]+
--- Source: Schroff et al., "FaceNet", CVPR 2015, Eq. 3 (MML Eq. 3), a mean over all pairs
---@param options? perigee.losses.triplet.options
---@return TripletLoss loss The loss.
function perigee.losses.triplet(options) end

---@class (exact) perigee.losses.contrastive.options
---@field margin? number|Schedule|(fun(epoch: integer, step: integer): number) How far a negative should be. Default 1.
---@field form? "squared"|"linear" Whether distances are squared. Default "squared".
---@field distance? "negated"|"root"|"cosine" How a score says a distance. negated: -s, the squared distance where scores are euclidean. root: sqrt(-s), the distance itself; a score above 0 has none. cosine: 1 - s. Default "root".
---@field reduction? "mean"|"sum" How the batch's terms become one number: `sum` leaves out the division in front of the equation's sums. Default "mean".

--- Contrastive loss: positives should be near, negatives farther than a margin.
---
--- L = 1/(B (1 + N)) sum_b ( d_b^2 + sum_j [margin - d_bj]+^2 ); linear: the same without squares
--- Source: Hadsell et al., CVPR 2006, Eq. 4 without its halves (MML Eq. 1), which sums
---@param options? perigee.losses.contrastive.options
---@return ContrastiveLoss loss The loss.
function perigee.losses.contrastive(options) end

---@class (exact) perigee.losses.softmax.options
---@field temperature? number|Schedule|(fun(epoch: integer, step: integer): number) What scores are divided by. Default 1.
---@field reduction? "mean"|"sum" How the batch's terms become one number: `sum` leaves out the division in front of the equation's sums. Default "mean".

--- Softmax cross-entropy over the positive and its sampled negatives.
---
--- L = 1/B sum_b ( ln( exp(s_b/t) + sum_j exp(s_bj/t) ) - s_b/t )
--- Source: RecBox SoftmaxCrossEntropyLoss has t = 1; with t it is `infonce`
---@param options? perigee.losses.softmax.options
---@return SoftmaxLoss loss The loss.
function perigee.losses.softmax(options) end

---@class (exact) perigee.losses.infonce.options
---@field temperature? number|Schedule|(fun(epoch: integer, step: integer): number) What scores are divided by. Default 0.2.
---@field reduction? "mean"|"sum" How the batch's terms become one number: `sum` leaves out the division in front of the equation's sums. Default "mean".

--- InfoNCE: softmax cross-entropy with a temperature, for cosine scores.
---
--- L = 1/B sum_b ( ln( exp(s_b/t) + sum_j exp(s_bj/t) ) - s_b/t )
--- Source: van den Oord et al., 2018, Eq. 4 (MML Eq. 4); the same as `softmax`, which has t = 1
---@param options? perigee.losses.infonce.options
---@return SoftmaxLoss loss The loss.
function perigee.losses.infonce(options) end

---@class (exact) perigee.losses.sampled_softmax.options
---@field temperature? number|Schedule|(fun(epoch: integer, step: integer): number) What scores are divided by. Default 1.
---@field correction? "both"|"negatives"|"none" Which scores are corrected. Default "both".
---@field reduction? "mean"|"sum" How the batch's terms become one number: `sum` leaves out the division in front of the equation's sums. Default "mean".

--- Softmax cross-entropy corrected for how likely each item was to be sampled.
---
--- x_b = s_b/t - ln q(b), x_bj = s_bj/t - ln q(bj),  L = 1/B sum_b ( ln( exp(x_b) + sum_j exp(x_bj) ) - x_b )
--- Source: Bengio and Senecal, IEEE TNN 2008; Wu et al., "On the Effectiveness of Sampled Softmax Loss", 2022
---@param options? perigee.losses.sampled_softmax.options
---@return SampledSoftmaxLoss loss The loss.
function perigee.losses.sampled_softmax(options) end

---@class (exact) perigee.losses.bsl.options
---@field temperature? number|Schedule|(fun(epoch: integer, step: integer): number) t, what scores are divided by. Default 0.1.
---@field negative_exponent? number|Schedule|(fun(epoch: integer, step: integer): number) e, the code's temperature_2: weight of the negative part in `multi` and `reweight`. Default 1.
---@field positive_temperature? number|Schedule|(fun(epoch: integer, step: integer): number) t', read by `paper`; t where it is left out.
---@field mode? "multi"|"reweight"|"single"|"paper" Which form. Default "multi".
---@field reduction? "mean"|"sum" How the batch's terms become one number: `sum` leaves out the division in front of the equation's sums. Default "mean".

--- Bilateral softmax loss, as its official code computes it.
---
--- multi: L = 1/B sum_b ( e ln(1/N sum_j exp(s_bj/t)) - ln mean_{c: user_c = user_b} exp(s_c/t) );  paper: t before the first ln instead of e, t' before the second and within
--- Source: Wu et al., "BSL: Understanding and Improving Softmax Loss for Recommendation", ICDE 2024; MML Eq. 5
---@param options? perigee.losses.bsl.options
---@return BSLLoss loss The loss.
function perigee.losses.bsl(options) end

---@class (exact) perigee.losses.ccl.options
---@field margin? number|Schedule|(fun(epoch: integer, step: integer): number) m: negatives below it cost nothing. Default 0.9.
---@field negative_weight? number|Schedule|(fun(epoch: integer, step: integer): number) w; `negatives = "sum"` leaves it and 1/N out. Default 150.
---@field negatives? "mean"|"sum" Weighted mean over the negatives, or their plain sum. Default "mean".
---@field reduction? "mean"|"sum" How the batch's terms become one number: `sum` leaves out the division in front of the equation's sums. Default "mean".

--- Cosine contrastive loss.
---
--- L = 1/B sum_b ( [1 - s_b]+ + w 1/N sum_j [s_bj - m]+ )
--- Source: Mao et al., "SimpleX", CIKM 2021, Eq. 1 (MML Eq. 2)
---@param options? perigee.losses.ccl.options
---@return CosineContrastiveLoss loss The loss.
function perigee.losses.ccl(options) end

---@class (exact) perigee.losses.mml.options
---@field margins? (number|Schedule|(fun(epoch: integer, step: integer): number))[] m_k, ascending. Default { 0.7, 0.8, 0.9 }.
---@field weights? (number|Schedule|(fun(epoch: integer, step: integer): number))[] w_k, one for each margin. Default { 0.1, 0.15, 0.75 }.
---@field positive_weight? number|Schedule|(fun(epoch: integer, step: integer): number) w+ Default 1.
---@field negative_weight? number|Schedule|(fun(epoch: integer, step: integer): number) w- Default 700.
---@field form? "additive"|"banded" Whether all margins below a score count, or the largest. Default "additive".
---@field reduction? "mean"|"sum" How the batch's terms become one number: `sum` leaves out the division in front of the equation's sums. Default "mean".

--- Multi-margin loss.
---
--- L = 1/B sum_b ( w+ [1 - s_b]+ + w- 1/N sum_j sum_k w_k [s_bj - m_k]+ )
--- Source: Ozsoy, "Multi-Margin Loss", arXiv 2405.04614, Eq. 7; one margin of weight 1 is CCL
---@param options? perigee.losses.mml.options
---@return MultiMarginLoss loss The loss.
function perigee.losses.mml(options) end

---@class (exact) perigee.losses.uib.options
---@field alpha? number|Schedule|(fun(epoch: integer, step: integer): number) Weight of the negative part. Default 1.
---@field form? "logistic"|"margin" phi: logistic is softplus, margin a hinge. Default "logistic".
---@field margin? number|Schedule|(fun(epoch: integer, step: integer): number) Of the form `margin`. Default 1.
---@field negatives? "sum"|"mean" How those of a positive count. Default "sum".
---@field released_weights? boolean 1 - alpha and alpha instead of 1 and alpha. Default false.
---@field reduction? "mean"|"sum" How the batch's terms become one number: `sum` leaves out the division in front of the equation's sums. Default "mean".

--- Hybrid loss of the user interest boundary: positives above it, negatives below.
---
--- L = 1/B sum_b ( phi(b_b - s_b) + alpha sum_j phi(s_bj - b_b) ), phi(x) = softplus(x) or [x + margin]+; released weights: 1 - alpha before the positive part
--- Source: Wang et al., "Learning Explicit User Interest Boundary for Recommendation", WWW 2022, Eq. 4, 6 and section 4.7: a sum
---@param options? perigee.losses.uib.options
---@return BoundaryLoss loss The loss.
function perigee.losses.uib(options) end

---@class (exact) perigee.losses.sml.options
---@field data? Split Whose users and items have margins of the loss's own: they are then there at once; else from when a trainer has the loss.
---@field item_weight? number|Schedule|(fun(epoch: integer, step: integer): number) lambda, of the hinge between items. Default 0.3.
---@field margin_weight? number|Schedule|(fun(epoch: integer, step: integer): number) gamma, how strongly margins are to grow. Default 64.
---@field margin_mean? "batch"|"all" Whether margins are averaged over the batch's rows (the code) or over all users and items (the text). Default "batch".

--- Symmetric metric learning with margins that are learned.
---
--- L = sum_b sum_j ( [s_bj - s_b + m_u]+ + lambda [t_bj - s_b + n_p]+ ) - gamma (mean m + mean n)
--- Source: Li et al., AAAI 2020, as Wang et al., WWW 2022, Eq. 8 to 10 print it, with its code's sum over the batch
---@param options? perigee.losses.sml.options
---@return SymmetricMetricLoss loss The loss.
function perigee.losses.sml(options) end

---@class (exact) perigee.losses.sml_uib.options
---@field data? Split Whose users and items have margins of the loss's own: they are then there at once; else from when a trainer has the loss.
---@field alpha? number|Schedule|(fun(epoch: integer, step: integer): number) Weight of the positive part. Default 1.
---@field item_weight? number|Schedule|(fun(epoch: integer, step: integer): number) lambda, of the hinge between items. Default 0.3.
---@field margin_weight? number|Schedule|(fun(epoch: integer, step: integer): number) gamma, how strongly margins are to grow. Default 64.
---@field margin_mean? "batch"|"all" Whether margins are averaged over the batch's rows (the code) or over all users and items (the text). Default "batch".

--- Symmetric metric learning with the user interest boundary.
---
--- L = sum_b ( sum_j [s_bj - b_b + m_u]+ + alpha [b_b - s_b + m_u]+ + lambda sum_j [t_bj - s_b + n_p]+ ) - gamma (mean m + mean n)
--- Source: Wang et al., WWW 2022, Eq. 11
---@param options? perigee.losses.sml_uib.options
---@return SymmetricMetricLoss loss The loss.
function perigee.losses.sml_uib(options) end

---@class (exact) perigee.losses.pris.options
---@field gradient_through_weights? boolean Whether weights are differentiated. Default true.
---@field temperature? number|Schedule|(fun(epoch: integer, step: integer): number) t, what scores are divided by in the weights. Default 1.
---@field reduction? "mean"|"sum" How the batch's terms become one number: `sum` leaves out the division in front of the equation's sums. Default "mean".

--- Pairwise logistic loss with negatives weighted by importance.
---
--- w_b = softmax_j( s_bj / t - ln q(bj) ),  L = 1/B sum_b sum_j w_bj softplus(s_bj - s_b)
--- Source: Lian et al., "Personalized Ranking with Importance Sampling", WWW 2020, Eq. 6
---@param options? perigee.losses.pris.options
---@return ImportanceLoss loss The loss.
function perigee.losses.pris(options) end

---@class (exact) perigee.losses.self_adversarial.options
---@field temperature? number|Schedule|(fun(epoch: integer, step: integer): number) t, what scores are divided by in the weights. Default 1.
---@field reduction? "mean"|"sum" How the batch's terms become one number: `sum` leaves out the division in front of the equation's sums. Default "mean".

--- Pairwise logistic loss with negatives weighted by their own scores, the weights held constant.
---
--- w_b = softmax_j( s_bj / t ),  L = 1/B sum_b sum_j w_bj softplus(s_bj - s_b)
--- Source: PRIS, WWW 2020, section 5.4 (t = 1); Sun et al., "RotatE", ICLR 2019, Eq. 5
---@param options? perigee.losses.self_adversarial.options
---@return ImportanceLoss loss The loss.
function perigee.losses.self_adversarial(options) end

---@class (exact) perigee.losses.warp.options
---@field margin? number|Schedule|(fun(epoch: integer, step: integer): number) How near a candidate must come. Default 1.
---@field maximum_weight? number|Schedule|(fun(epoch: integer, step: integer): number) Bound of the weight. Default 10.
---@field weight? "logarithm"|"harmonic" How the estimated rank becomes a weight. Default "logarithm".
---@field reduction? "mean"|"sum" How the batch's terms become one number: `sum` leaves out the division in front of the equation's sums. Default "mean".

--- Weighted approximate-rank pairwise loss, as lightfm computes it.
---
--- w_b = min(maximum_weight, ln max(1, floor((items - 1) / trials))),  L = 1/B sum_b w_b (margin - s_b + s_bj)
--- Source: Weston et al., "WSABIE", IJCAI 2011; lightfm's fit_warp; both step at each positive, which is `sum`. `harmonic` is the paper's weight, sum_{k <= rank} 1/k
---@param options? perigee.losses.warp.options
---@return WARPLoss loss The loss.
function perigee.losses.warp(options) end

---@class (exact) perigee.losses.cml.options
---@field margin? number|Schedule|(fun(epoch: integer, step: integer): number) How much farther negatives should be. Default 1.9.
---@field reduction? "mean"|"sum" How the batch's terms become one number: `sum` leaves out the division in front of the equation's sums. Default "mean".

--- The loss of collaborative metric learning: the hardest negative, weighted by an estimated rank.
---
--- L = 1/B sum_b ln(rank_b + 1) [d_b - min_j d_bj + margin]+,  rank_b = items * share of j with d_b - d_bj + margin > 0
--- Source: Hsieh et al., "Collaborative Metric Learning", WWW 2017, Eq. 2 and 3, as its official code computes it: a sum
---@param options? perigee.losses.cml.options
---@return CMLLoss loss The loss.
function perigee.losses.cml(options) end

---@class (exact) perigee.losses.tce.options
---@field drop_rate? number|Schedule|(fun(epoch: integer, step: integer): number) The share that is left out, in the end. Default 0.2.
---@field gradual_steps? integer Batches over which the share grows: before batch t + 1 it is t / (gradual_steps - 1) * drop_rate ^ exponent. 0: none. In steps. Default 30000.
---@field exponent? number|Schedule|(fun(epoch: integer, step: integer): number) Of the growing share; 1 unless the end is to be a jump. Default 1.
---@field reduction? "mean"|"sum" How the batch's terms become one number: `sum` leaves out the division in front of the equation's sums. Default "mean".

--- Truncated cross-entropy: the batch's positives of largest loss are left out.
---
--- keep the floor((1 - r) B (1 + N)) samples with the smallest label * loss;  L = their mean
--- Source: Wang et al., "Denoising Implicit Feedback for Recommendation", WSDM 2021, Eq. 3, and its official code
---@param options? perigee.losses.tce.options
---@return TruncatedLoss loss The loss.
function perigee.losses.tce(options) end

---@class (exact) perigee.losses.rce.options
---@field beta? number|Schedule|(fun(epoch: integer, step: integer): number) 0 trusts all alike. Default 0.25.
---@field reduction? "mean"|"sum" How the batch's terms become one number: `sum` leaves out the division in front of the equation's sums. Default "mean".

--- Reweighted cross-entropy: a sample counts by how likely the model finds it.
---
--- L = mean of p^beta * -ln p over the B (1 + N) samples, p = sigmoid(s_b) or 1 - sigmoid(s_bj)
--- Source: Wang et al., "Denoising Implicit Feedback for Recommendation", WSDM 2021, Eq. 4, and its official code
---@param options? perigee.losses.rce.options
---@return ReweightedLoss loss The loss.
function perigee.losses.rce(options) end

---@class (exact) perigee.losses.tce_bpr.options
---@field drop_rate? number|Schedule|(fun(epoch: integer, step: integer): number) The share that is left out, in the end. Default 0.2.
---@field gradual_steps? integer Batches over which the share grows: before batch t + 1 it is t / (gradual_steps - 1) * drop_rate ^ exponent. 0: none. In steps. Default 30000.
---@field exponent? number|Schedule|(fun(epoch: integer, step: integer): number) Of the growing share; 1 unless the end is to be a jump. Default 1.
---@field reduction? "mean"|"sum" How the batch's terms become one number: `sum` leaves out the division in front of the equation's sums. Default "mean".

--- Truncated BPR: the batch's pairs of largest loss are left out.
---
--- keep the floor((1 - r) B N) pairs with the smallest softplus(s_bj - s_b);  L = their mean
--- Source: A baseline of TIL, CIKM 2022, section 5.3, which prints no formula
---@param options? perigee.losses.tce_bpr.options
---@return TruncatedLoss loss The loss.
function perigee.losses.tce_bpr(options) end

---@class (exact) perigee.losses.rce_bpr.options
---@field beta? number|Schedule|(fun(epoch: integer, step: integer): number) 0 trusts all alike. Default 0.25.
---@field reduction? "mean"|"sum" How the batch's terms become one number: `sum` leaves out the division in front of the equation's sums. Default "mean".

--- Reweighted BPR: a pair counts by how likely the model finds its order.
---
--- L = mean of p^beta * -ln p over the B N pairs, p = sigmoid(s_b - s_bj)
--- Source: A baseline of TIL, CIKM 2022, section 5.3, which prints no formula
---@param options? perigee.losses.rce_bpr.options
---@return ReweightedLoss loss The loss.
function perigee.losses.rce_bpr(options) end

---@class (exact) perigee.losses.cluster_kl.options
---@field tau? number Degrees of freedom of Student's distribution. Default 1.
---@field through_target? boolean Whether T is differentiated. Default false.
---@field target? Tensor T to hold to, [items, clusters].

--- Divergence of soft cluster assignments from a sharper target, and its gradients.
---
--- Q_ik ~ (1 + |q_i - c_k|^2 / tau)^(-(tau + 1)/2),  T_ik ~ Q_ik^2 / sum_j Q_jk,  L = sum_ik T_ik ln(T_ik / Q_ik)
--- Source: TIL, Wu et al., CIKM 2022, Eq. 7 to 9; Xie et al., "Deep Embedding for Clustering", ICML 2016
---@param items Tensor q, [items, d].
---@param centers Tensor c, [clusters, d].
---@param options? perigee.losses.cluster_kl.options
---@return number value L.
---@return Tensor at_items dL/dq, [items, d].
---@return Tensor at_centers dL/dc, [clusters, d].
function perigee.losses.cluster_kl(items, centers, options) end

---@class (exact) perigee.losses.cluster_assignments.options
---@field tau? number Degrees of freedom of Student's distribution. Default 1.

--- Soft cluster assignments of items, and the sharper target made of them.
---
--- Q_ik ~ (1 + |q_i - c_k|^2 / tau)^(-(tau + 1)/2),  T_ik ~ Q_ik^2 / sum_j Q_jk
--- Source: TIL, Wu et al., CIKM 2022, Eq. 7 to 9; Xie et al., "Deep Embedding for Clustering", ICML 2016
---@param items Tensor q, [items, d].
---@param centers Tensor c, [clusters, d].
---@param options? perigee.losses.cluster_assignments.options
---@return Tensor assignments Q, [items, clusters]; rows sum to 1.
---@return Tensor target T, the same shape.
function perigee.losses.cluster_assignments(items, centers, options) end

---@class (exact) perigee.losses.traced.options
---@field name? string What messages call it; else the place of the function.
---@field fuse? boolean false: every operation is computed by itself, with differentiable tensors. Slower, with the same result; a loss that uses operations which only tensors have is computed like that in any case. Default true.

--- A loss of your own, from a function over the scores of a batch.
---@param fn fun(s: LossScores): LossValue From the scores to one number, or to one for each positive, of which the mean is taken.
---@param options? perigee.losses.traced.options
---@return LuaLoss loss A loss for `perigee.trainer`.
function perigee.losses.traced(fn, options) end

---@class (exact) perigee.losses.evaluate.options
---@field positive Tensor `[B]`, score of each positive.
---@field negative Tensor `[B, N]`, score of each negative.
---@field boundary? Tensor `[B]`. The user's boundary.
---@field item_scores? Tensor `[B, N]`. Score of each negative as seen from the positive item.
---@field log_proposal? Tensor `[B, N]`. Logarithm of the sampler's unnormalized proposal of each negative.
---@field positive_log_proposal? Tensor `[B]`. Logarithm of the sampler's unnormalized proposal of each positive.
---@field trials? Tensor `[B]`. Items that the sampler drew until it found the negative, 0 where it found none.
---@field known? Tensor `[B, N]`. 1 for each negative that the user has in the train part, 0 for the others.
---@field weight? Tensor `[B]`. Weight of each positive.
---@field triplet_weight? Tensor `[B, N]`. Weight of each positive with each of its negatives.
---@field data? Split Whose train part the loss is to know, as from a trainer: `sml`, `warp` and `cml`.
---@field users? integer[] The user of each positive, counted from 1: rows of a parameter, and who is the same. All different if left out.
---@field positive_items? integer[] B items, counted from 1.
---@field negative_items? integer[] B times N items, counted from 1.
---@field epoch? integer For schedules. Default 1.
---@field step? integer For schedules. Default 1.

--- The value and the derivatives of a loss on given scores, without training.
---@param loss loss|(fun(s: LossScores): LossValue) A loss, or a function as for `traced`.
---@param options perigee.losses.evaluate.options
---@return number value The loss.
---@return table gradients Tensors `positive`, `negative`, those inputs that have derivatives where it reads them, and `parameters` by name.
function perigee.losses.evaluate(loss, options) end

---@class (exact) perigee.losses.measure.options
---@field batch? integer Positives. Default 256.
---@field negatives? integer Negatives of each. Default 100.
---@field repeats? integer How often. Default 200.

--- What a loss costs: the fastest of several repeats on random scores, without a model.
---@param loss loss|(fun(s: LossScores): LossValue) A loss, or a function as for `traced`.
---@param options? perigee.losses.measure.options
---@return table seconds `prepare` a batch: schedules; of a loss in Lua its function, its record and the search for its program. `first`: the same at the first batch, when it is compiled. `evaluate`: value and derivatives.
function perigee.losses.measure(loss, options) end

---@class (exact) perigee.losses.corrupted_rate.options
---@field positive Tensor `[B]`, score of each positive.
---@field negative Tensor `[B, N]`, score of each negative.
---@field boundary? Tensor `[B]`; pairs are counted if left out.

--- The share of samples that stand on the wrong side.
---
--- pairs: s_n > s_p of all pairs; with a boundary: b > s_p or s_n > b of all positives and negatives
--- Source: "Learning Explicit User Interest Boundary for Recommendation", WWW 2022, section 4.8
---@param options perigee.losses.corrupted_rate.options
---@return number rate Of all samples.
---@return number positives Of the positives; nil for pairs.
---@return number negatives Of the negatives; nil for pairs.
function perigee.losses.corrupted_rate(options) end

--- What a trainer adds to its loss: `terms` of `perigee.trainer`.
---@class perigee.terms
perigee.terms = {}

---@class (exact) perigee.terms.l2.options
---@field weight number|Schedule|(fun(epoch: integer, step: integer): number) What it is multiplied by.
---@field scope? "batch"|"batch_mean"|"per_sample"|"tables"|"tables_touched" As of `regularization` of the trainer. Default "batch_mean".
---@field parameters? Parameter[] What it is of; all that represents users and items in the model if left out.
---@field name? string What reports and messages call it; a trainer has one of a name. Default "l2".

--- An L2 term of chosen parameters, or of all that represents users and items with a weight of its own.
---
--- batch: c/2 sum |row|^2,  batch_mean: c/2B sum |row|^2,  per_sample: c/B sum |row|^2,  tables: c/2 |table|^2
--- Source: LightGCN, He et al., SIGIR 2020, Eq. 15 (batch_mean)
---@param options perigee.terms.l2.options
---@return L2Term term The term.
function perigee.terms.l2(options) end

---@class (exact) perigee.terms.covariance.options
---@field weight number|Schedule|(fun(epoch: integer, step: integer): number) What it is multiplied by.
---@field form? "squares"|"sum" What becomes of the covariances. Default "squares".
---@field rows? "batch"|"all" batch: the users and items of the batch, each once. all: all of them, where tables score. Default "batch".
---@field name? string What reports and messages call it; a trainer has one of a name. Default "covariance".

--- What the dimensions of the embeddings have in common: keeps them from telling the same twice.
---
--- C = 1/n sum (x - mean)(x - mean)',  squares: c sum_{i != j} C_ij^2,  sum: c sum_{i != j} C_ij
--- Source: CML, Hsieh et al., WWW 2017, 3.4, and its CML.py
---@param options perigee.terms.covariance.options
---@return CovarianceTerm term The term.
function perigee.terms.covariance(options) end

---@class (exact) perigee.terms.cluster_kl.options
---@field weight number|Schedule|(fun(epoch: integer, step: integer): number) What it is multiplied by.
---@field centers Parameter c, a shared parameter [clusters, d].
---@field tau? number Degrees of freedom of Student's distribution. Default 1.
---@field through_target? boolean Whether T is differentiated. Default false.
---@field items? Parameter q, [items, d]; the model's items without biases where it has a table of them.
---@field name? string What reports and messages call it; a trainer has one of a name. Default "cluster_kl".

--- Draws items to the cluster centers to which they already lean; the centers are learned too.
---
--- Q_ik ~ (1 + |q_i - c_k|^2 / tau)^(-(tau + 1)/2),  T_ik ~ Q_ik^2 / sum_j Q_jk,  c sum_ik T_ik ln(T_ik / Q_ik)
--- Source: TIL, Wu et al., CIKM 2022, Eq. 7 to 9
---@param options perigee.terms.cluster_kl.options
---@return ClusterTerm term The term.
function perigee.terms.cluster_kl(options) end

---@class (exact) perigee.terms.clusters.options
---@field clusters LearnedClusters What `samplers.learned_clusters` made.
---@field weight? number|Schedule|(fun(epoch: integer, step: integer): number) What it is multiplied by. Default 1.
---@field temperature? number|Schedule|(fun(epoch: integer, step: integer): number) T of the mixture: high at first, cooled gradually. Default 1.
---@field form? "straight_through"|"soft" What stands for an item. Default "straight_through".
---@field trains? "all"|"clusters" The rows of users and items too, or the clusters alone. Default "all".
---@field name? string What reports and messages call it; a trainer has one of a name. Default "clusters".

--- Trains the clusters by which a sampler draws: the loss `pris` with each item replaced by its center.
---
--- b_i = softmax_k(sim(v_i, c_k) / T),  x_ui = <p_u, C b_i>,  w = softmax_j(x_uj - ln q(j)),  c/B sum_b sum_j w_j softplus(x_uj - x_ui)
--- Source: PRIS, Lian et al., WWW 2020, 4.3, Eq. 17: L^C + L is minimized
---@param options perigee.terms.clusters.options
---@return LearnedClusterTerm term The term.
function perigee.terms.clusters(options) end

---@class (exact) perigee.terms.custom.options
---@field parameters table<string, Parameter> What it may read, by any keys: the function's first argument.
---@field value fun(parameters: table, context: TermContext): Tensor See above.
---@field data? Split Whose users and items `context` has.
---@field name? string What reports and messages call it; a trainer has one of a name. Default "custom".

--- A term of your own: a function of parameters, differentiated by what it does with them.
---@param options perigee.terms.custom.options
---@return LuaTerm term The term.
function perigee.terms.custom(options) end

--- Weights of triplets that are learned with the model: `weighting` of `perigee.trainer`.
---@class perigee.weighting
perigee.weighting = {}

---@class (exact) perigee.weighting.triplet_importance.options
---@field model Model Whose triplets are weighed.
---@field inner_rate? number|Schedule|(fun(epoch: integer, step: integer): number) The rate of the look-ahead step; not the optimizer's. Default 0.001.
---@field states? "attached"|"detached" Whether J differentiates the weights with respect to the rows that states are made of. Default "attached".
---@field hypergradient? "exact"|"finite_differences"|"second_order" How the network's derivative is found: by what v, the plain loss's derivative after the step, makes of weights and losses, or by central differences along v, or by differentiating the recorded inner derivative, which says what "exact" says and costs more. Default "exact".
---@field accumulate_outer? boolean Whether the plain loss after the step moves the model too, by its derivative through the step, as in the authors' code. Default false.
---@field aggregate? "mean"|"sum" What a user's items are to its state: the mean or the sum of their rows. Default "mean".
---@field activation? "sigmoid"|"softplus" What makes a weight of the network's last number: "softplus" as in the authors' code for matrix factorization. Default "sigmoid".
---@field offset? boolean Whether the network has b2; the authors' code has none. Default true.
---@field strategy? "uni"|"multi" What a user is interested in: the mean of its items (TIL-UI), or the centers of their clusters besides (TIL-MI). Default "uni".
---@field clusters? integer With "multi": how many clusters of items. Default 60.
---@field clustering? "learned"|"kmeans" With "multi": whether the centers are trained, once k-means has found them, or found by k-means at each look (TIL-MIK). Default "learned".
---@field alpha? number|Schedule|(fun(epoch: integer, step: integer): number) With "multi": how much of its center stands beside an item. Default 0.5.
---@field gamma? number|Schedule|(fun(epoch: integer, step: integer): number) With "multi" and learned centers: what the clustering loss, a sum over all items, counts. Default 0.0001.
---@field tau? number With "multi" and learned centers: degrees of freedom of Student's distribution. Default 1.
---@field refresh? integer With "multi": epochs from one look at where items belong to the next. In epochs. Default 10.
---@field pretrain? integer Epochs of the plain loss before the first with weights. In epochs. Default 0.
---@field seed? integer Of the network's first values, and of where clusters begin. Default 0.

--- A network that says how much each triplet of user, positive and negative counts, learned with the model.
---
--- g = p_u + mean of u's items' rows,  s = [(q_i + alpha c_i) * g; (q_j + alpha c_j) * g],  w = sigmoid(<W2, relu(W1 s + b1)> + b2),  J = sum w softplus(y_uj - y_ui) + gamma L_c
--- Source: TIL-UI and TIL-MI, Wu et al., "Adapting Triplet Importance of Implicit Feedback for Personalized Recommendation", CIKM 2022, Eq. 3 to 15
---@param options perigee.weighting.triplet_importance.options
---@return TripletImportance weighting The weights.
function perigee.weighting.triplet_importance(options) end

--- Where a trainer's negatives come from.
---@class perigee.samplers
perigee.samplers = {}

---@class (exact) perigee.samplers.uniform.options
---@field count? integer|Schedule|(fun(epoch: integer, step: integer): number) Negatives for each positive. Default 1.
---@field exclude_positives? boolean Whether the user's train items are drawn again. Default false.

--- Negatives uniform over the catalog, with replacement.
---@param options? perigee.samplers.uniform.options
---@return UniformSampler sampler The sampler.
function perigee.samplers.uniform(options) end

---@class (exact) perigee.samplers.popularity.options
---@field count? integer|Schedule|(fun(epoch: integer, step: integer): number) Negatives for each positive. Default 1.
---@field exponent? number What counts are raised to; 0 draws all seen items alike. Default 1.
---@field transform? "count"|"logarithm" What is raised: the count, or ln(1 + count). Default "count".
---@field exclude_positives? boolean Whether the user's train items are drawn again. Default false.

--- Negatives in proportion to how often items occur in the train part, with replacement.
---
--- p(j) = f_j / sum f,  f_j = c_j^exponent or ln(1 + c_j)^exponent, c_j how many users have j, f_j = 0 where c_j = 0
--- Source: exponent 1: WBPR, Gantner et al., KDD Cup 2011; 0.75: word2vec; `logarithm`: PRIS' sampler P, Lian et al., WWW 2020, 5.3
---@param options? perigee.samplers.popularity.options
---@return PopularitySampler sampler The sampler.
function perigee.samplers.popularity(options) end

---@class (exact) perigee.samplers.cluster.options
---@field count? integer|Schedule|(fun(epoch: integer, step: integer): number) Negatives for each positive. Default 1.
---@field clusters? integer|LearnedClusters Clusters, at most as many as items; or those of `learned_clusters`, which are not made by k-means. Default 100.
---@field members? "uniform"|"popularity" How an item of a cluster is drawn: all alike, or by popularity. Default "uniform".
---@field recluster? "epoch"|integer When clusters are made anew: before each epoch, or after so many steps of the optimizer. Default "epoch".
---@field iterations? integer Iterations of k-means at most, each time. Default 20.
---@field exponent? number What counts are raised to; 0 draws all seen items alike. Default 1.
---@field transform? "count"|"logarithm" What is raised: the count, or ln(1 + count). Default "logarithm".
---@field exclude_positives? boolean Whether the user's train items are drawn again. Default true.

--- Negatives near those that the model takes for best: a cluster by the user's score of its center, then an item of it.
---
--- q(j|u) ~ exp(<p_u, c_y(j)>) f_j for j that u does not have;  f_j = 1, or as in samplers.popularity
--- Source: CU and CP of PRIS, Lian et al., "Personalized Ranking with Importance Sampling", WWW 2020, 4.2.3 and 4.2.4, with line 10 of Algorithm 3 drawn from all members
---@param options? perigee.samplers.cluster.options
---@return ClusterSampler sampler The sampler.
function perigee.samplers.cluster(options) end

---@class (exact) perigee.samplers.learned_clusters.options
---@field model Model Whose items they are.
---@field count? integer Clusters, at most as many as items. Default 100.
---@field reassign? "epoch"|integer When items are assigned to clusters anew: before each epoch, or after so many steps of the optimizer. Default "epoch".
---@field seed? integer Of the first centers. Default 0.

--- Clusters of items that are learned with the model, for `samplers.cluster` and `terms.clusters`.
---
--- sim(v_i, c_k) = 1/2 <v_i, W c_k> + <w, c_k>,  y_i = argmax_k sim(v_i, c_k)
--- Source: CUJ and CPJ of PRIS, Lian et al., "Personalized Ranking with Importance Sampling", WWW 2020, 4.3, Eq. 16
---@param options perigee.samplers.learned_clusters.options
---@return LearnedClusters clusters The clusters.
function perigee.samplers.learned_clusters(options) end

---@class (exact) perigee.samplers.exact.options
---@field count? integer|Schedule|(fun(epoch: integer, step: integer): number) Negatives for each positive. Default 1.
---@field clusters? integer Clusters of items that bound scores, at most one for 16 items; 0: all items are scored for every user. Default 512.
---@field exclude_positives? boolean Whether the user's train items are drawn again. Default true.

--- Negatives by the model's own softmax over all items that the user does not have.
---
--- q(j|u) ~ exp(<p_u, v_j>) for j that u does not have
--- Source: PRIS, Lian et al., WWW 2020, Eq. 2
---@param options? perigee.samplers.exact.options
---@return ExactSampler sampler The sampler.
function perigee.samplers.exact(options) end

---@class (exact) perigee.samplers.adaptive.options
---@field count? integer|Schedule|(fun(epoch: integer, step: integer): number) Negatives for each positive. Default 1.
---@field lambda? number Ranks within which most draws are. Default 500.
---@field deviation? "standard"|"variance" s_f: the standard deviation, or the variance as LibRec has it. Default "standard".
---@field refresh? integer Draws between two orders; N ln N for N items where it is left out.
---@field exclude_positives? boolean Whether the user's train items are drawn again. Default true.

--- Negatives that stand high in one of the factors that count for the user.
---
--- p(f|u) ~ |p_uf| s_f,  p(r) ~ exp(-r / lambda), r = 0, 1, ...
--- Source: AOBPR, Rendle & Freudenthaler, "Improving Pairwise Learning for Item Recommendation from Implicit Feedback", WSDM 2014
---@param options? perigee.samplers.adaptive.options
---@return AdaptiveSampler sampler The sampler.
function perigee.samplers.adaptive(options) end

---@class (exact) perigee.samplers.in_batch.options
---@field count? integer|Schedule|(fun(epoch: integer, step: integer): number) Negatives for each positive; one of every other row where it is left out.
---@field exclude_positives? boolean Whether the user's train items are drawn again. Default false.

--- The positives of the batch's other rows as negatives.
--- Source: Yi et al., "Sampling-Bias-Corrected Neural Modeling for Large Corpus Item Recommendations", RecSys 2019
---@param options? perigee.samplers.in_batch.options
---@return InBatchSampler sampler The sampler.
function perigee.samplers.in_batch(options) end

---@class (exact) perigee.samplers.dynamic.options
---@field candidates? integer|Schedule|(fun(epoch: integer, step: integer): number) Items drawn for each positive, at least `count`. Default 32.
---@field count? integer|Schedule|(fun(epoch: integer, step: integer): number) Negatives for each positive. Default 1.
---@field exclude_positives? boolean Whether the user's train items are drawn again. Default true.

--- The hardest of a random set: of `candidates` uniform items the `count` that score highest now.
--- Source: Zhang et al., "Optimizing Top-N Collaborative Filtering via Dynamic Negative Item Sampling", SIGIR 2013
---@param options? perigee.samplers.dynamic.options
---@return DynamicSampler sampler The sampler.
function perigee.samplers.dynamic(options) end

---@class (exact) perigee.samplers.warp.options
---@field max_trials? integer|Schedule|(fun(epoch: integer, step: integer): number) Items drawn before a positive is left alone. Default 50.
---@field margin? number|Schedule|(fun(epoch: integer, step: integer): number) How near a violator must come. Default 1.

--- One negative: the first of uniform draws that scores above the positive's score - margin, and how many it took.
--- Source: Weston et al., "WSABIE", IJCAI 2011; lightfm's fit_warp, which has 50 trials and a margin of 1
---@param options? perigee.samplers.warp.options
---@return WARPSampler sampler The sampler.
function perigee.samplers.warp(options) end

---@class (exact) perigee.samplers.mixture.options
---@field samplers sampler[] The parts.
---@field shares? number[] Of each part, in any unit; equal where they are left out.
---@field count? integer|Schedule|(fun(epoch: integer, step: integer): number) Negatives for each positive. Default 1.

--- Negatives of several samplers, each with its share of a row's `count`.
---
--- q(j) = sum_k share_k q_k(j)
---@param options perigee.samplers.mixture.options
---@return MixtureSampler sampler The sampler.
function perigee.samplers.mixture(options) end

---@class (exact) perigee.samplers.fixed.options
---@field data Split Whose users and items.
---@field count? integer|Schedule|(fun(epoch: integer, step: integer): number) Negatives for each positive. Default 1.
---@field negatives? table<string, (string|integer)[]> Items by user, with the data's own identifiers.
---@field file? string Lines `user item item ...`, or NCF's `(user,item) item ...`, with the data's own identifiers, gzipped or not.
---@field tensor? Tensor|Parameter|BatchRows Positions of items, from 1: `[users, K]`, or `[pairs, K]` with `per = "pair"`.
---@field per? "user"|"pair" Whose the rows of `tensor` are; pairs of the train part stand by user and, for each, by item, in the order of positions. Default "user".
---@field order? "given"|"random" given: the first `count` of a list, in their order. random: drawn from the list, with replacement. Default "given".

--- Negatives that are given beforehand, a list for each user or for each pair of the train part.
---@param options perigee.samplers.fixed.options
---@return FixedSampler sampler The sampler.
function perigee.samplers.fixed(options) end

---@class (exact) perigee.samplers.custom.options
---@field data Split Whose users and items.
---@field sample fun(s: SamplingBatch): any, any, any See above.
---@field count? integer|Schedule|(fun(epoch: integer, step: integer): number) Negatives for each positive. Default 1.
---@field log_proposal? "none"|"negatives"|"both" Of which items it returns ln q as well. Default "none".
---@field name? string What messages call it. Default "custom".

--- A sampler of your own: a function that is called once a batch and returns its negatives.
---@param options perigee.samplers.custom.options
---@return LuaSampler sampler The sampler.
function perigee.samplers.custom(options) end

--- How parameters move along the gradient.
---@class perigee.optimizers
perigee.optimizers = {}

---@class (exact) perigee.optimizers.sgd.options.groups
---@field parameters string|string[] Names of parameters of the model or the loss; `layer*` is all that begin with `layer`.
---@field rate? number|Schedule|(fun(epoch: integer, step: integer): number) Their step size.
---@field weight_decay? number|Schedule|(fun(epoch: integer, step: integer): number) Their L2.
---@field clip? number|Schedule|(fun(epoch: integer, step: integer): number) Largest norm of their gradient, which then does not count in the norm of the rest.

---@class (exact) perigee.optimizers.sgd.options
---@field rate? number|Schedule|(fun(epoch: integer, step: integer): number) Step size. Default 0.05.
---@field momentum? number Share of the last step that is kept. Default 0.
---@field weight_decay? number|Schedule|(fun(epoch: integer, step: integer): number) L2: weight_decay * x joins the gradient of every row. Default 0.
---@field decay_rows? "all"|"touched" Where the decay joins the gradient: in all rows at every step (exact, slow on large tables) or in touched ones. Default "all".
---@field clip? number|Schedule|(fun(epoch: integer, step: integer): number) Gradients longer than this in global norm are scaled down to it.
---@field groups? perigee.optimizers.sgd.options.groups[] Parameters that differ; what a group leaves out is as for all.

--- Gradient descent, with momentum or without.
---
--- v = momentum v + g;  x -= rate v
--- Source: PyTorch SGD
---@param options? perigee.optimizers.sgd.options
---@return Optimizer optimizer The optimizer.
function perigee.optimizers.sgd(options) end

---@class (exact) perigee.optimizers.adagrad.options.groups
---@field parameters string|string[] Names of parameters of the model or the loss; `layer*` is all that begin with `layer`.
---@field rate? number|Schedule|(fun(epoch: integer, step: integer): number) Their step size.
---@field weight_decay? number|Schedule|(fun(epoch: integer, step: integer): number) Their L2.
---@field clip? number|Schedule|(fun(epoch: integer, step: integer): number) Largest norm of their gradient, which then does not count in the norm of the rest.

---@class (exact) perigee.optimizers.adagrad.options
---@field rate? number|Schedule|(fun(epoch: integer, step: integer): number) Step size. Default 0.1.
---@field variant? "torch"|"tensorflow"|"lightfm" torch: G starts at 0, epsilon 1e-10. tensorflow: at 0.1, no epsilon. lightfm: at 1, steps before it adds. Default "torch".
---@field weight_decay? number|Schedule|(fun(epoch: integer, step: integer): number) L2: weight_decay * x joins the gradient of every row. Default 0.
---@field decay_rows? "all"|"touched" Where the decay joins the gradient: in all rows at every step (exact, slow on large tables) or in touched ones. Default "all".
---@field clip? number|Schedule|(fun(epoch: integer, step: integer): number) Gradients longer than this in global norm are scaled down to it.
---@field groups? perigee.optimizers.adagrad.options.groups[] Parameters that differ; what a group leaves out is as for all.

--- Adagrad.
---
--- G += g^2;  x -= rate g / (sqrt(G) + epsilon)
--- Source: Duchi et al., JMLR 2011; the variants differ in G's start and order
---@param options? perigee.optimizers.adagrad.options
---@return Optimizer optimizer The optimizer.
function perigee.optimizers.adagrad(options) end

---@class (exact) perigee.optimizers.adam.options.groups
---@field parameters string|string[] Names of parameters of the model or the loss; `layer*` is all that begin with `layer`.
---@field rate? number|Schedule|(fun(epoch: integer, step: integer): number) Their step size.
---@field weight_decay? number|Schedule|(fun(epoch: integer, step: integer): number) Their L2.
---@field clip? number|Schedule|(fun(epoch: integer, step: integer): number) Largest norm of their gradient, which then does not count in the norm of the rest.

---@class (exact) perigee.optimizers.adam.options
---@field rate? number|Schedule|(fun(epoch: integer, step: integer): number) Step size. Default 0.001.
---@field beta1? number Fading of the first moment. Default 0.9.
---@field beta2? number Fading of the second moment. Default 0.999.
---@field epsilon? number Added to the root of the second moment. Default 1e-08.
---@field keras? boolean Whether epsilon joins the uncorrected root, as in Keras. Default false.
---@field decoupled? boolean Whether weight decay shrinks parameters directly (AdamW). Default false.
---@field dense? boolean Whether rows without a gradient keep moving. Default true.
---@field weight_decay? number|Schedule|(fun(epoch: integer, step: integer): number) L2: weight_decay * x joins the gradient of every row. Default 0.
---@field decay_rows? "all"|"touched" Where the decay joins the gradient: in all rows at every step (exact, slow on large tables) or in touched ones. Default "all".
---@field clip? number|Schedule|(fun(epoch: integer, step: integer): number) Gradients longer than this in global norm are scaled down to it.
---@field groups? perigee.optimizers.adam.options.groups[] Parameters that differ; what a group leaves out is as for all.

--- Adam, equal to a dense Adam: rows without a gradient keep moving by their momentum.
---
--- m = b1 m + (1-b1) g;  v = b2 v + (1-b2) g^2;  x -= rate m^ / (sqrt(v^) + epsilon)
--- Source: Kingma and Ba, ICLR 2015; PyTorch's and Keras' forms
---@param options? perigee.optimizers.adam.options
---@return Optimizer optimizer The optimizer.
function perigee.optimizers.adam(options) end

--- Numbers that change during training. A schedule stands wherever a rate, temperature, margin, weight, dropout or count of negatives is wanted, can be called as `schedule(epoch)` or `schedule(epoch, step)`, and combined by `+ - * /`.
---@class perigee.schedules
perigee.schedules = {}

---@class (exact) perigee.schedules.linear.options
---@field from number The first value.
---@field to number The last value.
---@field steps integer Epochs (or steps, see `by`) that it takes.
---@field start? integer The epoch or step at which it begins; before it has its first value. Default 1.
---@field by? "epoch"|"step" What it counts. Default "epoch".

--- A straight line from one value to another within `steps`, then the last value.
---
--- from + (to - from) e / steps
---@param options perigee.schedules.linear.options
---@return Schedule schedule A schedule, also a function of the epoch and the step.
function perigee.schedules.linear(options) end

---@class (exact) perigee.schedules.cosine.options
---@field from number The first value.
---@field to number The last value.
---@field steps integer Epochs (or steps, see `by`) that it takes.
---@field start? integer The epoch or step at which it begins; before it has its first value. Default 1.
---@field by? "epoch"|"step" What it counts. Default "epoch".

--- Half a cosine from one value to another within `steps`, then the last value.
---
--- from + (to - from) (1 - cos(pi e / steps)) / 2
---@param options perigee.schedules.cosine.options
---@return Schedule schedule A schedule, also a function of the epoch and the step.
function perigee.schedules.cosine(options) end

---@class (exact) perigee.schedules.warmup.options
---@field to number The value after the warm-up.
---@field steps integer Epochs (or steps, see `by`) that it takes.
---@field from? number What it sets out from, before the first epoch. Default 0.
---@field start? integer The epoch or step at which it begins; before it has its first value. Default 1.
---@field by? "epoch"|"step" What it counts. Default "epoch".

--- A straight line that reaches `to` in the last of `steps` epochs (or steps), then `to`.
---
--- from + (to - from) min(1, (e + 1) / steps)
--- Source: Goyal et al., arXiv 1706.02677
---@param options perigee.schedules.warmup.options
---@return Schedule schedule A schedule, also a function of the epoch and the step.
function perigee.schedules.warmup(options) end

---@class (exact) perigee.schedules.exponential.options
---@field from number The first value.
---@field factor number What it is multiplied by.
---@field every? integer Within how many epochs (or steps). Default 1.
---@field start? integer The epoch or step at which it begins; before it has its first value. Default 1.
---@field by? "epoch"|"step" What it counts. Default "epoch".

--- Multiplied by `factor` over every `every` epochs (or steps), smoothly and without end.
---
--- from factor^(e / every)
---@param options perigee.schedules.exponential.options
---@return Schedule schedule A schedule, also a function of the epoch and the step.
function perigee.schedules.exponential(options) end

---@class (exact) perigee.schedules.step.options
---@field from number The first value.
---@field factor? number What it is multiplied by. Default 0.1.
---@field every? integer Epochs (or steps) between two jumps.
---@field at? integer[] Epochs (or steps) from which the next jump counts.
---@field start? integer The epoch or step at which it begins; before it has its first value. Default 1.
---@field by? "epoch"|"step" What it counts. Default "epoch".

--- Multiplied by `factor` in jumps: after every `every` epochs (or steps), or at those that `at` lists.
---@param options perigee.schedules.step.options
---@return Schedule schedule A schedule, also a function of the epoch and the step.
function perigee.schedules.step(options) end

---@class (exact) perigee.schedules.cyclic.options
---@field from number The value at the beginning of each period.
---@field to number The value farthest from it.
---@field period integer Epochs (or steps) from one beginning to the next.
---@field shape? "triangle"|"wave"|"saw"|"restarts" triangle: straight there and back. wave: a cosine there and back. saw: straight there, then a jump. restarts: half a cosine there, then a jump. Default "triangle".
---@field start? integer The epoch or step at which it begins; before it has its first value. Default 1.
---@field by? "epoch"|"step" What it counts. Default "epoch".

--- Comes back to `from` every `period` epochs (or steps), without end.
--- Source: Smith, WACV 2017 (triangle); Loshchilov and Hutter, ICLR 2017 (restarts)
---@param options perigee.schedules.cyclic.options
---@return Schedule schedule A schedule, also a function of the epoch and the step.
function perigee.schedules.cyclic(options) end

---@class (exact) perigee.schedules.plateau.options
---@field from number The first value.
---@field factor? number What it is multiplied by. Default 0.1.
---@field patience? integer Evaluations in a row without improvement. Default 3.
---@field metric? string The metric that it watches; the first of the evaluation by default.
---@field goal? "max"|"min" Whether more or less is better. Default "max".
---@field min_improvement? number By how much a value must beat the best. Default 0.
---@field least? number It never becomes smaller. Default 0.

--- Multiplied by `factor` whenever a metric has not improved for `patience` evaluations.
---@param options perigee.schedules.plateau.options
---@return Plateau schedule The schedule.
function perigee.schedules.plateau(options) end

---@class (exact) perigee.schedules.sequence.options
---@field parts (number|Schedule|(fun(epoch: integer, step: integer): number))[] Numbers, schedules or functions, in their order.
---@field at integer[] The epochs (or steps) at which the next part begins.
---@field by? "epoch"|"step" What it counts. Default "epoch".

--- One schedule after another.
---@param options perigee.schedules.sequence.options
---@return Schedule schedule A schedule, also a function of the epoch and the step.
function perigee.schedules.sequence(options) end

--- The smaller of two at each time: an upper bound.
---@param left number|Schedule|(fun(epoch: integer, step: integer): number) One.
---@param right number|Schedule|(fun(epoch: integer, step: integer): number) The other.
---@return Schedule schedule A schedule, also a function of the epoch and the step.
function perigee.schedules.min(left, right) end

--- The larger of two at each time: a lower bound.
---@param left number|Schedule|(fun(epoch: integer, step: integer): number) One.
---@param right number|Schedule|(fun(epoch: integer, step: integer): number) The other.
---@return Schedule schedule A schedule, also a function of the epoch and the step.
function perigee.schedules.max(left, right) end

--- Runs that were recorded, in a store that any number of processes share: listed, tagged, compared.
---@class perigee.runs
perigee.runs = {}

---@class (exact) perigee.runs.open.options
---@field path? string The file; `$PERIGEE_STORE` by default, or `~/.perigee/runs.sqlite`.

--- Opens a store of runs, or makes one.
---@param options? perigee.runs.open.options
---@return RunStore store The store.
function perigee.runs.open(options) end

--- What the settings of a search may be, for a `space` that is a table: `{ rate = perigee.space.log_uniform(1e-4, 1e-1) }`.
---@class perigee.space
perigee.space = {}

--- One of some values.
---@param values (string|number|boolean)[] The values: strings, numbers or booleans. For more than that choose a name, and look it up in a table.
---@return Dimension dimension What the setting may be.
function perigee.space.choice(values) end

---@class (exact) perigee.space.uniform.options
---@field points? integer How many values a grid tries, both ends among them.

--- A number of a range, each part as likely as another of its width.
---@param low number The lower end.
---@param high number The upper end.
---@param options? perigee.space.uniform.options
---@return Dimension dimension What the setting may be.
function perigee.space.uniform(low, high, options) end

---@class (exact) perigee.space.log_uniform.options
---@field points? integer How many values a grid tries, both ends among them.

--- A number of a range above 0, each order of magnitude as likely as another.
---@param low number The lower end.
---@param high number The upper end.
---@param options? perigee.space.log_uniform.options
---@return Dimension dimension What the setting may be.
function perigee.space.log_uniform(low, high, options) end

---@class (exact) perigee.space.integer.options
---@field log? boolean Whether each order of magnitude is as likely as another. Default false.
---@field points? integer How many values a grid tries, both ends among them.

--- An integer of a range, both ends included.
---@param low integer The smallest.
---@param high integer The largest.
---@param options? perigee.space.integer.options
---@return Dimension dimension What the setting may be.
function perigee.space.integer(low, high, options) end

perigee.arguments = require "perigee.arguments"
perigee.folders = require "perigee.folders"
perigee.json = require "perigee.json"
perigee.merged = require "perigee.merged"
perigee.nearest_name = require "perigee.nearest_name"
perigee.options = require "perigee.options"
perigee.paper = require "perigee.paper"
perigee.text_hash = require "perigee.text_hash"
perigee.text_table = require "perigee.text_table"
perigee.unit_ball = require "perigee.unit_ball"

return perigee
