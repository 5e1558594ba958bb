-- Makes a socket an attendant and its user a member.
--
-- ARGV[8] socket     ARGV[9] user     ARGV[10] encoded user     ARGV[11] 1 for a guest
-- ARGV[12] gateway     ARGV[13] vocabulary     ARGV[14] 1 if the client asked for the room
-- ARGV[15] media, empty if it is no peer     ARGV[16] 1 to end the user's other peers
-- ARGV[17] how many peers there may be     ARGV[18] time
-- ARGV[19] epoch of a new log     ARGV[20] the room
-- ARGV[21] number that the client has, empty for the log's end, `delivered` for what the user has     ARGV[22] its epoch, empty for any
-- ARGV[23] how many entries     ARGV[24] how many members
-- ARGV[25] 1 to admit members only     ARGV[26] who becomes a member too if the room is new, or empty
-- ARGV[27] 1 if that is a guest     ARGV[28] that user, encoded
-- ARGV[29] how many messages to give of what the room holds, or empty for nothing
-- ARGV[30] how many bytes of each kind     ARGV[31] how many bytes to look at     ARGV[32] how many attendants
-- ARGV[33] and on: the user's sockets that are gone
--
-- Gives { `full` }, { `not_admitted` } or { `attending`, joined, announced, roster, removed, epoch, seq, what is kept of members,
-- other peers (socket, attending, what is kept of the user), host, muted, number of the first missed entry,
-- missed entries, whole, more, reach, listed rooms to look after, whether the other became a member, what the
-- room holds (see room_contents.lua) }. Removed are attendances as `take_out`
-- gives them, with the roster's version at the end.

local socket, user, encoded, guest, gateway, vocabulary, explicit, media, takeover, max_peers, at, new_epoch, room,
  known_seq, known_epoch, missed_limit, member_limit, members_only, partner, partner_guest, partner_encoded =
  unpack(ARGV, 8, 28)

local epoch, seq, turn, muted
epoch, seq, roster, turn, muted, reach = unpack(call('HMGET', head, 'epoch', 'seq', 'roster', 'turn', 'muted', 'reach'))
seq, turn, roster, reach = tonumber(seq or 0), tonumber(turn or 0), tonumber(roster or -1), reach or ''

local function next_turn()
  turn = turn + 1
  return turn
end

local function make()
  roster = make_anew(roster, at)
  epoch, seq, turn, muted, reach = new_epoch, 0, 0, false, ''
end

local function admits()
  if call('SISMEMBER', banned, user) == 1 then
    return false
  end
  local is_closed = members_only == '1' or call('HEXISTS', head, 'access') == 1
  return not is_closed or call('ZSCORE', members, user)
end

-- The user's other attendances that end with this step, in the order of coming.
local function replaced()
  local found, seen = {}, { [socket] = true }
  local function consider(other)
    local attending = not seen[other] and call('HGET', attendance, other)
    if not attending then
      return
    end
    local other_user, other_turn, _, _, other_media = parts_of(attending)
    if other_user == user then
      seen[other] = true
      found[#found + 1] = { tonumber(other_turn), other, attending, other_media ~= '' }
    end
  end
  for i = 33, #ARGV do
    consider(ARGV[i])
  end
  if takeover == '1' then
    for _, other in ipairs(call('ZRANGE', peers, 0, -1)) do
      consider(other)
    end
  end
  table.sort(found, function(one, other) return one[1] < other[1] end)
  return found
end

-- Takes the socket in. Gives { joined, announced, roster, removed }, or nothing if the room is full.
local function take_in()
  local known = call('HGET', attendance, socket)
  local gone = replaced()
  local known_user, known_turn, known_explicit, _, known_media, known_joined_at, known_gateway
  if known then
    known_user, known_turn, known_explicit, _, known_media, known_joined_at, known_gateway = parts_of(known)
  end

  local is_peer = known and known_media ~= ''
  if media ~= '' and not is_peer then
    local stay = call('ZCARD', peers)
    for _, other in ipairs(gone) do
      stay = stay - (other[4] and 1 or 0)
    end
    if stay >= tonumber(max_peers) then
      return
    end
  end

  if known and known_user ~= user then
    -- A socket has one user for good, so the one that is known is long gone.
    take_out(socket, known)
    settle(known_user, false)
    known, is_peer = false, false
  end
  local _, asked_before = person(user)
  local removed = {}
  for i, other in ipairs(gone) do
    removed[i] = take_out(other[2], other[3])
  end

  local was_explicit = known and known_explicit == '1'
  local joined = not known or (media ~= '' and not is_peer)
  count_in(gateway)
  if known then
    count_out(known_gateway)
  end
  local place, joined_at = known_turn, known_joined_at
  if joined then
    place = next_turn()
    joined_at = media ~= '' and at or ''
    if media ~= '' then
      call('ZADD', peers, place, socket)
    end
  else
    media = known_media
  end
  local is_explicit = (was_explicit or explicit == '1') and 1 or 0
  local attending = { user, place, is_explicit, vocabulary, media, joined_at, gateway }
  call('HSET', attendance, socket, table.concat(attending, '\n'))

  local sockets, asking, _, read, delivered = person(user)
  if not call('ZSCORE', members, user) then
    call('ZADD', members, next_turn(), user)
    -- What was said before somebody came was not said to them.
    read, delivered = seq, seq
  end
  asking = asking + is_explicit - (was_explicit and 1 or 0)
  set_person(user, sockets + (known and 0 or 1), asking, guest, read, delivered, encoded)

  for i, left in ipairs(removed) do
    -- A user who is replaced by themselves has not left.
    left[4] = i == #removed and asked_before > 0 and asking == 0
    left[6] = count_change(left[4] or gone[i][4])
  end
  local announced = asking > 0 and asked_before == 0
  return { joined, announced, count_change(announced or (joined and media ~= '')), removed }
end

local listed = {}
local answer = recall()
if answer then
  answer = cmsgpack.unpack(answer)
elseif not admits() then
  answer = 'not_admitted'
  if not is_forgotten() or remembers() then
    remember(cmsgpack.pack(answer))
  end
else
  local is_new = not epoch or is_forgotten()
  if is_new then
    make()
  end
  expire(tonumber(at))
  answer = take_in()
  if answer then
    answer[5] = is_new and partner ~= '' and enroll(partner, partner_guest, partner_encoded, next_turn(), seq)
  end
  remember(cmsgpack.pack(answer or false))
  call('HSET', head, 'epoch', epoch, 'seq', seq, 'turn', turn, 'roster', roster, 'reach', reach)
  if is_new and answer then
    -- Rooms whose lives ended are listed still. Two looks for each new room keep them in the minority.
    listed = call('ZRANDMEMBER', all, 2)
    call('ZADD', all, 0, room)
  end
  keep()
end
if not answer then
  return { 'full' }
elseif answer == 'not_admitted' then
  return { answer }
end

local others = {}
for _, peer in ipairs(call('ZRANGE', peers, 0, -1)) do
  if peer ~= socket then
    local attending = call('HGET', attendance, peer)
    local kept = call('HGET', people, user_of(attending))
    others[#others + 1], others[#others + 2], others[#others + 3] = peer, attending, kept
  end
end

local known = tonumber(known_seq) or seq
if known_seq == 'delivered' then
  -- Who attends by an answer that is remembered may be no member any more.
  local _, _, _, _, delivered = person(user)
  known = call('ZSCORE', members, user) and tonumber(delivered) or 0
end
if known_epoch ~= '' and known_epoch ~= epoch then
  known = nil
end
local from, entries, whole, more = missed(seq, known, tonumber(missed_limit))

return {
  'attending', answer[1], answer[2], answer[3], answer[4], epoch or 0, seq, first_members(tonumber(member_limit)), others,
  host(), muted, from, entries, whole, more, reach, listed, answer[5] or false,
  ARGV[29] ~= '' and contents(seq, socket, tonumber(ARGV[29]), tonumber(ARGV[30]), tonumber(ARGV[31]), tonumber(ARGV[32])),
}
