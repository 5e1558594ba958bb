-- Makes rooms.

-- Removes what is left of a room of this name. A room that is made again begins with a roster that is higher
-- than any before; gives that.
local function make_anew(roster, at)
  call('DEL', log, members, people, attendance, peers, gateways, marks, state, banned)
  call('HDEL', head, 'muted', 'access', 'code')
  call('HSET', head, 'quiet', at)
  return math.max(roster + 1, tonumber(at))
end
