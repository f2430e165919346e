import { GRANTS } from './grant-scripts.js';

/*
 * What has to be atomic runs as one script in the server. A script names the index of a client in KEYS and makes the
 * keys of its sessions from the index' members; all of them carry the client's hash tag, and so are on one node.
 * Bytes of a value: 1 revoked (0 or 1), 2-9 when, 10-17 end, 18-53 version, 54 whether there is a label,
 * 55-58 its length, the label, then the record (see redis.value.ts).
 */

/** The first word of what a script answers that would have taken effect too late. */
export const LATE = 'LATE';

/**
 * What every script that writes begins with. The last of ARGV says until when it may take effect, in milliseconds by
 * Redis' clock: it may have waited in a server that was stopped, paused or busy, and its caller was then told that it
 * failed. Redis puts "ERR" before an answer of a single word. Where an access list forbids TIME there is no deadline.
 */
const IN_TIME = `
local clock = redis.pcall('TIME')
if not clock.err and clock[1] * 1000 + clock[2] / 1000 > tonumber(ARGV[#ARGV]) then
  return redis.error_reply('${LATE} Its time is over.')
end
`;

/**
 * In an index the score of a live session is when it was created; that of a revoked one is below zero, so that a login
 * passes its client's live sessions only. What an earlier version revoked is moved when it is met.
 */
const REVOKED_SCORE = `
local function moveToRevoked(index, family)
  local score = tonumber(redis.call('ZSCORE', index, family) or -1)
  if score >= 0 then redis.call('ZADD', index, -1 - score, family) end
end
`;

/** The index lives as long as the session in it that lives longest. */
const KEEP_INDEX = `
local function keepIndex(index, milliseconds)
  if redis.call('PTTL', index) < tonumber(milliseconds) then redis.call('PEXPIRE', index, milliseconds) end
end
`;

/**
 * KEYS: index, session, grants, their ends. ARGV: value, lifetime, created at, family, sessions a client may have (0: no
 * limit), key prefix of the client's sessions, deadline. Answers families and values that went to make room, by turns.
 * Sessions leave by themselves, their names in the index do not: a few of them are looked at, taken at random, so that
 * names of ended sessions stay a small part however many there are.
 */
const INSERT = `${IN_TIME}${KEEP_INDEX}${REVOKED_SCORE}${GRANTS}
local removed = {}
local limit = tonumber(ARGV[5])
local isGrant = not canRefresh(ARGV[1])
local function surplusLogins()
  local live = {}
  for _, family in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], 0, '+inf')) do
    local value = redis.call('GET', ARGV[6] .. family)
    if not value then
      redis.call('ZREM', KEYS[1], family)
    elseif string.byte(value) ~= 0 then
      moveToRevoked(KEYS[1], family)
    elseif family ~= ARGV[4]
        and struct.unpack('>d', string.sub(value, 10, 17)) >= math.floor(tonumber(ARGV[3]))
        and canRefresh(value) then
      live[#live + 1] = { family, value }
    end
  end
  local surplus = {}
  for i = 1, #live + 1 - limit do surplus[i] = live[i] end
  return surplus
end
for _, family in ipairs(redis.call('ZRANDMEMBER', KEYS[1], 5)) do
  if redis.call('EXISTS', ARGV[6] .. family) == 0 then redis.call('ZREM', KEYS[1], family) end
end
if limit > 0 then
  local surplus = isGrant and surplusGrants(KEYS[1], KEYS[3], KEYS[4], ARGV[6], ARGV[4], ARGV[3], limit)
    or surplusLogins()
  for _, session in ipairs(surplus) do
    redis.call('DEL', ARGV[6] .. session[1])
    redis.call('ZREM', KEYS[1], session[1])
    removed[#removed + 1] = session[1]
    removed[#removed + 1] = session[2]
  end
end
local isIndexed = limit > 0 or redis.call('EXISTS', KEYS[3]) == 1
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
redis.call('ZADD', KEYS[1], ARGV[3], ARGV[4])
if string.byte(ARGV[1]) ~= 0 then
  moveToRevoked(KEYS[1], ARGV[4])
elseif isGrant and isIndexed then
  addGrant(KEYS[3], KEYS[4], ARGV[4], ARGV[3], ARGV[1], ARGV[2])
end
keepIndex(KEYS[1], ARGV[2])
return removed
`;

/** The first byte after the label, which begins at byte 54. */
const AFTER_LABEL = `
local function afterLabel(value)
  return 59 + struct.unpack('>I4', string.sub(value, 55, 58))
end
`;

/**
 * KEYS: index, session. ARGV: value, lifetime, created at, family, version that must be there, deadline. Answers 1 or 0.
 * The label stays the stored one.
 */
const ROTATE = `${IN_TIME}${KEEP_INDEX}${AFTER_LABEL}
local stored = redis.call('GET', KEYS[2])
if not stored or string.byte(stored) ~= 0 or string.sub(stored, 18, 53) ~= ARGV[5] then return 0 end
local label = string.sub(stored, 54, afterLabel(stored) - 1)
local value = string.sub(ARGV[1], 1, 53) .. label .. string.sub(ARGV[1], afterLabel(ARGV[1]))
redis.call('SET', KEYS[2], value, 'PX', ARGV[2])
redis.call('ZADD', KEYS[1], ARGV[3], ARGV[4])
keepIndex(KEYS[1], ARGV[2])
return 1
`;

/** KEYS: session. ARGV: label, with what is before it, deadline. Answers 1 or 0. */
const LABEL = `${IN_TIME}${AFTER_LABEL}
local stored = redis.call('GET', KEYS[1])
if not stored or string.byte(stored) ~= 0 then return 0 end
local value = string.sub(stored, 1, 53) .. ARGV[1] .. string.sub(stored, afterLabel(stored))
redis.call('SET', KEYS[1], value, 'KEEPTTL')
return 1
`;

/**
 * Must not fail for want of memory: a script that has written something goes on when memory is full, so the first
 * write is one that is always allowed, and changes nothing.
 */
const REVOKE_SESSION = `${KEEP_INDEX}${REVOKED_SCORE}${GRANTS}
local function revoke(index, sessions, family, revocation)
  local key = sessions .. family
  local stored = redis.call('GET', key)
  if not stored or string.byte(stored) ~= 0 then return 0 end
  redis.call('PEXPIRE', key, redis.call('PTTL', key))
  redis.call('SET', key, revocation .. string.sub(stored, 10), 'KEEPTTL')
  moveToRevoked(index, family)
  forgetGrant(KEYS[2], KEYS[3], family)
  return 1
end
`;

/** KEYS: index, grants, their ends. ARGV: revocation, key prefix, family, deadline. Answers 1 or 0. */
const REVOKE = `${IN_TIME}${REVOKE_SESSION}
return revoke(KEYS[1], ARGV[2], ARGV[3], ARGV[1])
`;

/**
 * KEYS: index, grants, their ends. ARGV: revocation, key prefix, family to leave alone, highest time of creation (as
 * ZRANGEBYSCORE has it), deadline. Answers the families revoked.
 */
const REVOKE_CLIENT = `${IN_TIME}${REVOKE_SESSION}
local revoked = {}
for _, family in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], 0, ARGV[4])) do
  if family ~= ARGV[3] and revoke(KEYS[1], ARGV[2], family, ARGV[1]) == 1 then revoked[#revoked + 1] = family end
end
return revoked
`;

/** KEYS: session. Answers its value and how long it has left, in milliseconds; both as they are at one time. */
const FIND = `
local value = redis.pcall('GET', KEYS[1])
if type(value) ~= 'string' then return value end
return { value, redis.call('PTTL', KEYS[1]) }
`;

/**
 * KEYS: session, when it was used. ARGV: epoch seconds, period. It lives as long as the session does that is there now.
 */
const TOUCH = `
local left = redis.call('PTTL', KEYS[1])
if left <= 0 then return 0 end
local before = tonumber(redis.call('GET', KEYS[2]) or '')
if before and tonumber(ARGV[1]) < before + tonumber(ARGV[2]) then return 0 end
redis.call('SET', KEYS[2], ARGV[1], 'PX', left)
return 1
`;

/**
 * KEYS: index, session, grants, their ends. ARGV: value, lifetime, created at, family, deadline. Puts the value if it is a
 * later state than what is there, or nothing is there: bytes 18-21 are the generation, and of two first ones the later
 * wins. Answers 1 or 0.
 */
const RESTORE = `${IN_TIME}${KEEP_INDEX}${REVOKED_SCORE}${GRANTS}
local stored = redis.call('GET', KEYS[2])
if stored then
  if string.byte(stored) ~= 0 then return 0 end
  local isRevoked = string.byte(ARGV[1]) ~= 0
  local next, before = struct.unpack('>I4', string.sub(ARGV[1], 18, 21)), struct.unpack('>I4', string.sub(stored, 18, 21))
  local createdAt = tonumber(redis.call('ZSCORE', KEYS[1], ARGV[4]) or math.huge)
  local isLaterFirst = next == 0 and before == 0 and tonumber(ARGV[3]) > createdAt
  if not isRevoked and not isLaterFirst and next <= before then return 0 end
end
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
redis.call('ZADD', KEYS[1], ARGV[3], ARGV[4])
if string.byte(ARGV[1]) ~= 0 then
  moveToRevoked(KEYS[1], ARGV[4])
  forgetGrant(KEYS[3], KEYS[4], ARGV[4])
elseif not canRefresh(ARGV[1]) and redis.call('EXISTS', KEYS[3]) == 1 then
  addGrant(KEYS[3], KEYS[4], ARGV[4], ARGV[3], ARGV[1], ARGV[2])
end
keepIndex(KEYS[1], ARGV[2])
return 1
`;

/** KEYS: any. What the clock of its server shows: seconds, and microseconds. */
const CLOCK = `return redis.call('TIME')`;

/** KEYS: index. ARGV: key prefix. Answers families and values by turns. */
const LIST = `
local sessions = {}
for _, family in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  local value = redis.call('GET', ARGV[1] .. family)
  if value then
    sessions[#sessions + 1] = family
    sessions[#sessions + 1] = value
  end
end
return sessions
`;

/**
 * KEYS: clients. ARGV: client, value, revision that must be there ('': no client), deadline. Answers 1 or 0.
 * What is there goes first, which is always allowed: a client can be disabled when memory is full, too.
 */
const PUT_CLIENT = `${IN_TIME}
local stored = redis.call('HGET', KEYS[1], ARGV[1])
if (stored and string.sub(stored, 2, 17) or '') ~= ARGV[3] then return 0 end
if stored then redis.call('HDEL', KEYS[1], ARGV[1]) end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return 1
`;

/** KEYS: clients. ARGV: client, deadline. Answers 1 or 0. */
const REMOVE_CLIENT = `${IN_TIME}
return redis.call('HDEL', KEYS[1], ARGV[1])
`;

/** KEYS: what is used. ARGV: for how many milliseconds to remember it, deadline. Answers 1 the first time. */
const USE_ONCE = `${IN_TIME}
return redis.call('SET', KEYS[1], '', 'NX', 'PX', ARGV[1]) and 1 or 0
`;

/** The scripts as ioredis defines commands from them. It sends a script once a connection, its digest from then on. */
export const REDIS_SCRIPTS = {
  fastauthInsert: { numberOfKeys: 4, lua: INSERT },
  fastauthRotate: { numberOfKeys: 2, lua: ROTATE },
  fastauthLabel: { numberOfKeys: 1, lua: LABEL },
  fastauthRevoke: { numberOfKeys: 3, lua: REVOKE },
  fastauthRevokeClient: { numberOfKeys: 3, lua: REVOKE_CLIENT },
  fastauthTouch: { numberOfKeys: 2, lua: TOUCH },
  fastauthRestore: { numberOfKeys: 4, lua: RESTORE },
  fastauthFind: { numberOfKeys: 1, lua: FIND },
  fastauthClock: { numberOfKeys: 1, lua: CLOCK },
  fastauthPutClient: { numberOfKeys: 1, lua: PUT_CLIENT },
  fastauthRemoveClient: { numberOfKeys: 1, lua: REMOVE_CLIENT },
  fastauthUseOnce: { numberOfKeys: 1, lua: USE_ONCE },
  fastauthList: { numberOfKeys: 1, lua: LIST },
} as const;
