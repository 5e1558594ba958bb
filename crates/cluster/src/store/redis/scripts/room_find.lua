-- Looks for a message in the log.

-- The number of a message in a log that ends at `seq`, and that of the oldest entry. Nothing if it is not there
-- any more.
local function find(message, seq)
  -- From the newest element on. One that only looks like the message is a time or an event.
  local place
  local rank = 0
  repeat
    rank = rank - 1
    place = call('LPOS', log, message, 'RANK', rank)
  until not place or place % 3 == 0
  if place then
    local oldest = seq + 1 - call('LLEN', log) / 3
    return oldest + place / 3, oldest
  end
end
