-- Writes to the log. After room_keep.lua.

-- Appends an entry to a log that ends at `seq`; gives the entry's number.
local function push(seq, due, message, at, event)
  -- As text at once: a number would be formatted each time that it is used.
  local number = string.format('%d', seq + 1)
  local entries = call('RPUSH', log, message, at, event) / 3
  call('HSET', head, 'seq', number)
  if entries > tonumber(most_entries) then
    call('LTRIM', log, 3 * (entries - most_entries), -1)
  elseif entries == 1 then
    keep()
  end
  if tonumber(at) >= tonumber(due) then
    expire(tonumber(at))
    keep()
  end
  return number
end
