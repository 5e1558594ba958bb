-- Changes what a peer sends.
--
-- ARGV[1] the socket that asks     ARGV[2] the peer     ARGV[3] bits to keep     ARGV[4] bits to set
-- ARGV[5] 1 to change another socket's without being the host
--
-- Gives { `changed`, media, roster, reach }, { `not_peer` }, { `not_host` } or { `no_such_peer` }.

local by, target, kept, set, as_admin = unpack(ARGV)

if not call('ZSCORE', peers, by) then
  return { 'not_peer' }
end
if by ~= target and as_admin == '0' and by ~= call('ZRANGE', peers, 0, 0)[1] then
  return { 'not_host' }
end
if not call('ZSCORE', peers, target) then
  return { 'no_such_peer' }
end

local before, media, after = string.match(call('HGET', attendance, target), '^([^\n]*\n%d+\n%d\n[%l%-]+\n)(%d+)(\n.*)$')
local changed = bit.bor(bit.band(tonumber(media), tonumber(kept)), tonumber(set))
local roster, reach = unpack(call('HMGET', head, 'roster', 'reach'))
roster = tonumber(roster)
if changed ~= tonumber(media) then
  call('HSET', attendance, target, before .. changed .. after)
  roster = call('HINCRBY', head, 'roster', 1)
end
return { 'changed', changed, roster, reach }
