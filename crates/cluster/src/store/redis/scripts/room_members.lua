-- Who belongs to the room.

-- What is kept of the first members, in the order of joining, at most `limit`.
local function first_members(limit)
  local found = {}
  local users = limit > 0 and call('ZRANGE', members, 0, limit - 1) or {}
  -- A call takes so many arguments and no more.
  for from = 1, #users, 1000 do
    local part = call('HMGET', people, unpack(users, from, math.min(from + 999, #users)))
    for i, person in ipairs(part) do
      found[from + i - 1] = person
    end
  end
  return found
end
