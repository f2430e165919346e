/**
 * The sessions of a client that have no refresh token (RFC 6749 section 4.4) and are not revoked stand in two more
 * sorted sets, by when they began and by their end, so that a grant reads those only that it ends. Where the first set
 * is not there, as with sessions of an earlier version, the next grant makes both; until then nothing is added.
 * A session that has left without its name leaving here is passed over. Needs `keepIndex` and `moveToRevoked`.
 */
export const GRANTS = `
local NO_HASH = string.rep('\\0', 32)
local function canRefresh(value) return string.sub(value, 22, 53) ~= NO_HASH end
local function forgetGrant(grants, ends, family)
  redis.call('ZREM', grants, family)
  redis.call('ZREM', ends, family)
end
local function addGrant(grants, ends, family, createdAt, value, milliseconds)
  redis.call('ZADD', grants, createdAt, family)
  redis.call('ZADD', ends, struct.unpack('>d', string.sub(value, 10, 17)), family)
  keepIndex(grants, milliseconds)
  keepIndex(ends, milliseconds)
end
local function startGrants(index, grants, ends, sessions)
  redis.call('DEL', ends)
  for _, family in ipairs(redis.call('ZRANGEBYSCORE', index, 0, '+inf')) do
    local value = redis.call('GET', sessions .. family)
    if not value then
      redis.call('ZREM', index, family)
    elseif string.byte(value) ~= 0 then
      moveToRevoked(index, family)
    elseif not canRefresh(value) then
      local left = redis.call('PTTL', sessions .. family)
      addGrant(grants, ends, family, redis.call('ZSCORE', index, family), value, left)
    end
  end
end
local function surplusGrants(index, grants, ends, sessions, newFamily, createdAt, limit)
  if redis.call('EXISTS', grants) == 0 then startGrants(index, grants, ends, sessions) end
  forgetGrant(grants, ends, newFamily)
  local now = math.floor(tonumber(createdAt))
  for _, family in ipairs(redis.call('ZRANGEBYSCORE', ends, '-inf', '(' .. now)) do
    forgetGrant(grants, ends, family)
  end
  local surplus = {}
  local count = redis.call('ZCARD', grants) + 1 - limit
  if count < 1 then return surplus end
  for _, family in ipairs(redis.call('ZRANGE', grants, 0, count - 1)) do
    local value = redis.call('GET', sessions .. family)
    if value and string.byte(value) == 0 then
      surplus[#surplus + 1] = { family, value }
    end
    forgetGrant(grants, ends, family)
  end
  return surplus
end
`;
