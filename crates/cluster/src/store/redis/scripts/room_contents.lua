-- What a room holds. After room_roster.lua.

-- Takes an entry into a part, unless it or a newer one does not fit.
local function take(part, number, what, at, event)
  if part.full or #part.entries >= 4 * part.most or #event > part.bytes then
    part.full = true
    return
  end
  part.bytes = part.bytes - #event
  local entries = part.entries
  local n = #entries
  entries[n + 1], entries[n + 2], entries[n + 3], entries[n + 4] = string.format('%d', number), what, at, event
end

-- Attendants but the one that asks, in the order of coming; of more than `limit` only peers. Gives socket,
-- attending and what is kept of the user of each.
local function others(asking, limit)
  local found = {}
  local function add(socket, attending)
    if socket ~= asking and attending then
      local _, turn = parts_of(attending)
      found[#found + 1] = { tonumber(turn), socket, attending }
    end
  end
  if call('HLEN', attendance) > limit then
    for _, peer in ipairs(call('ZRANGE', peers, 0, -1)) do
      add(peer, call('HGET', attendance, peer))
    end
  else
    local all_here = call('HGETALL', attendance)
    for i = 1, #all_here, 2 do
      add(all_here[i], all_here[i + 1])
    end
  end
  table.sort(found, function(one, other) return one[1] < other[1] end)
  local flat = {}
  for i, other in ipairs(found) do
    flat[3 * i - 2], flat[3 * i - 1] = other[2], other[3]
    flat[3 * i] = call('HGET', people, user_of(other[3]))
  end
  return flat
end

-- Of a log that ends at `seq`, the newest entries of each kind that fit, newest first, each as number, what
-- it is, time and event. Gives { messages, code, its version, changes, whether these are all, whiteboard, its
-- place, strokes, whether these are all, recording, attendants }.
local function contents(seq, asking, most, bytes, scan, most_attendants)
  local code, version, board, board_seq, recording =
    unpack(call('HMGET', state, 'code', 'version', 'whiteboard', 'seq', 'recording'))
  version, board_seq = tonumber(version or 0), tonumber(board_seq or 0)
  local messages = { entries = {}, most = most, bytes = bytes }
  local changes = { entries = {}, most = math.huge, bytes = bytes }
  local strokes = { entries = {}, most = math.huge, bytes = bytes }
  local oldest_seen, scanned = seq + 1, 0
  local last = -1
  -- A few entries at a time: they may be large, and there may be enough of them soon.
  while true do
    local page = call('LRANGE', log, last - 23, last)
    for i = #page, 3, -3 do
      local what, at, event = page[i - 2], page[i - 1], page[i]
      scanned = scanned + #event
      if scanned > scan then
        break
      end
      oldest_seen = oldest_seen - 1
      local kind = string.sub(what, 1, 2)
      if kind == '\n\n' then
        if oldest_seen > board_seq then
          take(strokes, oldest_seen, what, at, event)
        end
      elseif string.sub(kind, 1, 1) == '\n' then
        if tonumber(string.sub(what, 2)) > version then
          take(changes, oldest_seen, what, at, event)
        end
      elseif what ~= '' then
        take(messages, oldest_seen, what, at, event)
      end
    end
    if #page < 24 or scanned > scan then
      break
    end
    last = last - 24
  end
  local all_changes = #changes.entries / 4 == tonumber(call('HGET', head, 'code') or 0) - version
  local all_strokes = not strokes.full and oldest_seen <= board_seq + 1
  return {
    messages.entries, code, version, changes.entries, all_changes, board, board_seq, strokes.entries, all_strokes,
    recording, others(asking, most_attendants),
  }
end
