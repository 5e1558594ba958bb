-- What a client lacks of the log.

-- The newest `limit` entries after `known`, of a log that ends at `seq`, or none if `known` is no place in
-- it. Gives the number of the first one, the entries, whether `known` is followed by what is there, and
-- whether there are more, older ones.
local function missed(seq, known, limit)
  if not known or known > seq then
    return seq, {}, false, false
  end
  local oldest = seq + 1 - call('LLEN', log) / 3
  local from = math.max(oldest, known + 1)
  local newest = math.max(from, seq + 1 - limit)
  local entries = {}
  if newest <= seq then
    entries = call('LRANGE', log, 3 * (newest - oldest), -1)
  end
  return newest, entries, known + 1 >= oldest, from < newest
end
