-- Switches the chat.
--
-- ARGV[1] the socket that asks     ARGV[2] 1 to switch it on, 0 off     ARGV[3] 1 to do so without being the host
--
-- Gives { `switched`, roster, reach }, { `not_attending` } or { `not_host` }.

local by, enabled, as_admin = unpack(ARGV)

if call('HEXISTS', attendance, by) == 0 then
  return { 'not_attending' }
end
if as_admin == '0' and by ~= call('ZRANGE', peers, 0, 0)[1] then
  return { 'not_host' }
end

local muted, roster, reach = unpack(call('HMGET', head, 'muted', 'roster', 'reach'))
roster = tonumber(roster)
if (enabled == '1') == (muted and true) then
  if enabled == '1' then
    call('HDEL', head, 'muted')
  else
    call('HSET', head, 'muted', 1)
  end
  roster = call('HINCRBY', head, 'roster', 1)
end
return { 'switched', roster, reach }
