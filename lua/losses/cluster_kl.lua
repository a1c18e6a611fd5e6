-- Self-supervised clustering: items are drawn to the centers to which they already lean. Of tables, not of scores:
-- the function takes items [I, d] and centers [K, d] and returns a tensor that can be differentiated.
--
--   r_ik = (1 + |q_i - c_k|^2 / tau)^(-(tau + 1) / 2),   Q_ik = r_ik / sum_l r_il
--   f_ik = Q_ik^2 / sum_j Q_jk,   T_ik = f_ik / sum_l f_il,   L = sum_ik T_ik ln(T_ik / Q_ik)
--
-- T is held constant unless through_target. TIL, Wu et al., CIKM 2022, Eq. 7 to 9.
-- Native, with its gradients and far less memory: perigee.losses.cluster_kl.

local options = require "perigee.options"

---@param given? table Options of the loss.
---@return fun(items: Tensor, centers: Tensor): Tensor divergence Of tables.
return function(given)
  local o = options.read("losses.cluster_kl", given, { tau = 1, target = options.optional, through_target = false })
  return function(items, centers)
    local tau = o.tau
    local distances = (items:unsqueeze(2) - centers):square():sum(3)
    local r = (distances / tau + 1):pow(-(tau + 1) / 2)
    local q = r / r:sum(2, { keep = true })
    local f = q:square() / q:sum(1)
    local t = o.target or f / f:sum(2, { keep = true })
    if not o.through_target then t = t:detach() end
    return (t * (t:log() - q:log())):sum()
  end
end
