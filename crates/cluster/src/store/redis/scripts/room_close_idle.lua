-- Removes a room that nobody attends and that nothing has been written to for a while, as room_close.lua does.
--
-- ARGV[1] how long the roster's version is kept     ARGV[2] the room     ARGV[3] since when at least
--
-- Gives { `gone` }, { `attended` }, { `since`, time } or { `closed`, what is kept of its members }.

local lasting, room, since = ARGV[1], ARGV[2], tonumber(ARGV[3])

local epoch, roster, quiet = unpack(call('HMGET', head, 'epoch', 'roster', 'quiet'))
if not epoch or is_forgotten() then
  return { 'gone' }
elseif call('EXISTS', gateways) == 1 then
  return { 'attended' }
end
quiet = math.max(tonumber(quiet or 0), tonumber(call('LINDEX', log, -2) or 0))
if quiet > since then
  return { 'since', quiet }
end
local were = first_members(call('ZCARD', members))
remove(roster, lasting, room)
return { 'closed', were }
