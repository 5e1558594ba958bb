-- The end of a room.

-- Removes everything but the roster's version, which is kept for a while.
local function remove(roster, lasting, room)
  call('DEL', head, log, members, people, attendance, peers, gateways, marks, outcomes, former, state, banned)
  call('ZREM', all, room)
  if roster then
    call('HSET', head, 'roster', roster)
    call('PEXPIRE', head, lasting)
  end
end
