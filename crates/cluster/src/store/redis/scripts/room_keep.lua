-- How long a room is kept.
--
-- ARGV[5] entries a log has at most     ARGV[6] age of entries, and of rooms without attendants
-- ARGV[7] how long a room is kept whose attendants do nothing at all

local most_entries, age, idle = ARGV[5], ARGV[6], ARGV[7]

-- Lives are renewed after an eighth of the age, and outlast it by as much.
local function slack()
  return math.ceil(age / 8)
end

-- Renews the lives of all keys but those of outcomes. A room outlives its log, and the list of rooms every
-- room.
local function keep()
  local short = age + 2 * slack()
  local longest = math.max(short, idle)
  local life = call('EXISTS', gateways) == 1 and longest or short
  for _, key in ipairs({ head, members, people, attendance, peers, gateways, state, banned }) do
    call('PEXPIRE', key, life)
  end
  for _, key in ipairs({ log, marks }) do
    call('PEXPIRE', key, age + slack())
  end
  call('PEXPIRE', all, longest)
end

-- Drops entries that are too old, and notes when to look again.
local function expire(at)
  local dropped, due = 0, at + slack()
  while true do
    local oldest = tonumber(call('LINDEX', log, 3 * dropped + 1) or nil)
    if not oldest then
      break
    elseif at < oldest + age then
      due = math.min(due, oldest + age)
      break
    end
    dropped = dropped + 1
  end
  if dropped > 0 then
    call('LTRIM', log, 3 * dropped, -1)
  end
  call('HSET', head, 'due', due)
end
