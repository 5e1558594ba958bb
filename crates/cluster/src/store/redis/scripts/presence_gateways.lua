-- The gateways at which sockets of a partition's users are noted.
-- KEYS: the partition's connected sockets.

local found, from = {}, '-'
while true do
  local first = redis.call('ZRANGEBYLEX', KEYS[1], from, '+', 'LIMIT', 0, 1)[1]
  if not first then
    return found
  end
  local gateway = string.match(first, '^[^%z]*')
  found[#found + 1] = gateway
  -- Behind every socket of this one.
  from = '(' .. gateway .. '\1'
end
