-- For wrk: likes, each of another voter and another network, or reads, each of another network
-- than the 20,000 before it. What to send comes in environment variables, see load.py.
--
-- After SECONDS nothing more is sent, while wrk still waits: every request has its answer then,
-- and what was acknowledged can be compared with what is stored to the very last like.
local ffi = require("ffi")
ffi.cdef("typedef struct { long seconds, nanoseconds; } moment; int clock_gettime(int, moment *);")

local threads = {}
local MONOTONIC, READS = 1, 20000
local first = tonumber(os.getenv("FIRST"))
local seconds = tonumber(os.getenv("SECONDS"))
local pages = tonumber(os.getenv("PAGES"))
local batch = tonumber(os.getenv("BATCH"))
local reads_in_ten = tonumber(os.getenv("READS_IN_TEN"))
local is_article = os.getenv("API") == "article"
local FIRST_PAGE, STEP = 1000000, 7919 -- seven digits each, so that all bodies are of one length

function setup(thread)
  table.insert(threads, thread)
end

local moment = ffi.new("moment")
local function now()
  ffi.C.clock_gettime(MONOTONIC, moment)
  return tonumber(moment.seconds) + tonumber(moment.nanoseconds) / 1e9
end

local decimal, hexadecimal = {}, {}
for byte = 0, 255 do
  decimal[byte] = tostring(byte)
  hexadecimal[byte] = string.format("%02x", byte)
end

-- Public addresses, from 20.0.0.0 on.
local function octets(number)
  return 20 + math.floor(number / 16777216) % 100, math.floor(number / 65536) % 256,
    math.floor(number / 256) % 256, number % 256
end

local headers = "Host: 127.0.0.1\r\nOrigin: http://localhost:1313\r\nX-Forwarded-For: "

local function read(number)
  local a, b, c, d = octets(number)
  local target
  local page = number * STEP * batch
  if is_article then
    target = "/likes/posts-" .. FIRST_PAGE + page % pages
  else
    local named = {}
    for offset = 0, batch - 1 do
      table.insert(named, "page=/posts/" .. FIRST_PAGE + (page + offset) % pages)
    end
    -- nginx has its answer of 20 pages under another address: it looks at paths only.
    target = (os.getenv("API") == "nginx" and batch > 1 and "/v1/batch?" or "/v1/counts?")
      .. table.concat(named, "&")
  end
  return "GET " .. target .. " HTTP/1.1\r\n" .. headers
    .. a .. "." .. b .. "." .. c .. "." .. d .. "\r\n\r\n"
end

local like_head = "POST /v1/like HTTP/1.1\r\nContent-Type: text/plain\r\nContent-Length: "
  .. #'{"page":"/posts/1000000","voter":"reader-of-posts-01020304"}' .. "\r\n" .. headers

local function like(number)
  local a, b, c, d = octets(number)
  local page = FIRST_PAGE + number * STEP % pages
  local address = decimal[a] .. "." .. decimal[b] .. "." .. decimal[c] .. "." .. decimal[d]
  if is_article then
    return "POST /likes/posts-" .. page .. " HTTP/1.1\r\nContent-Length: 0\r\n" .. headers
      .. address .. "\r\n\r\n"
  end
  return like_head .. address .. '\r\n\r\n{"page":"/posts/' .. page .. '","voter":"reader-of-posts-'
    .. hexadecimal[a] .. hexadecimal[b] .. hexadecimal[c] .. hexadecimal[d] .. '"}'
end

local reads, deadline = {}, nil
function init()
  likes_made, requests_made, is_checked = 0, 0, false
  for number = 0, (reads_in_ten > 0 and READS or 0) - 1 do
    reads[number] = read(number)
  end
end

local function next_request()
  requests_made = requests_made + 1
  if requests_made % 10 < reads_in_ten then
    return reads[requests_made % READS]
  end
  likes_made = likes_made + 1
  return like(first + likes_made)
end

function request()
  if not is_checked then -- wrk looks at one request beforehand, and does not send it
    is_checked = true
    return like(first)
  end
  deadline = deadline or now() + seconds
  if now() > deadline then
    return ""
  end
  return next_request()
end

function done(summary, latency)
  local requests, likes = 0, 0
  for _, thread in ipairs(threads) do
    requests, likes = requests + thread:get("requests_made"), likes + thread:get("likes_made")
  end
  local errors = summary.errors
  io.write(string.format(
    '\n{"sent": %d, "likes_sent": %d, "answered": %d, "refused": %d, "broken": %d,'
      .. ' "p50_ms": %.3f, "p99_ms": %.3f}\n',
    requests, likes, summary.requests, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
