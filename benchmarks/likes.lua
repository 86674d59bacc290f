-- For wrk: likes of distinct voters from distinct networks over PAGES pages, with one request in
-- four asking for a count, as readers do. Every request is another like: nothing is repeated.
local pages = tonumber(os.getenv("PAGES") or "1000")
local threads = 0

function setup(thread)
  thread:set("thread_number", threads)
  threads = threads + 1
end

function init()
  made = 0
  headers = { ["Origin"] = "http://localhost:1313", ["Content-Type"] = "text/plain" }
end

function request()
  made = made + 1
  local page = "/posts/" .. (made * 7919 % pages)
  if made % 4 == 0 then
    return wrk.format("GET", "/v1/counts?page=" .. page)
  end
  local network = made * 64 + thread_number
  headers["X-Forwarded-For"] = string.format("%d.%d.%d.%d", 20 + math.floor(network / 16777216) % 100,
    math.floor(network / 65536) % 256, math.floor(network / 256) % 256, network % 256)
  local voter = string.format("reader-%02d-%016d", thread_number, made)
  return wrk.format("POST", "/v1/like", headers, '{"page":"' .. page .. '","voter":"' .. voter .. '"}')
end

function done(summary, latency, _)
  io.write(string.format("requests %d, refused or failed %d, p99 %.1f ms\n", summary.requests,
    summary.errors.status + summary.errors.read + summary.errors.timeout,
    latency:percentile(99) / 1000))
end
