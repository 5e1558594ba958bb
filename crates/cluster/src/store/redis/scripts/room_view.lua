-- Looks at the room as one socket's business.
--
-- ARGV[1] user     ARGV[2] socket     ARGV[3] addressee; each empty if it is none
--
-- Gives nothing if there is no such room; else { whether the user is a member, what is kept of the user,
-- socket's attending, its person, addressee's attending, its person, reach, epoch, seq, roster }.

local user, socket, addressee = unpack(ARGV)

local epoch, seq, roster, reach = unpack(call('HMGET', head, 'epoch', 'seq', 'roster', 'reach'))
if not epoch or (reach == '' and is_forgotten()) then
  return false
end

local function attendant(of)
  local attending = of ~= '' and call('HGET', attendance, of)
  if not attending then
    return false, false
  end
  return attending, call('HGET', people, string.match(attending, '^[^\n]*'))
end

local is_member, person = false, false
if user ~= '' then
  is_member, person = call('ZSCORE', members, user) and true, call('HGET', people, user)
end
local attending, owner = attendant(socket)
local other, other_owner = attendant(addressee)
return { is_member or false, person, attending, owner, other, other_owner, reach, epoch, seq, roster }
