-- wrk asks for the lines of a file in turn, METHOD PATH [FILE-OF-THE-BODY CONTENT-TYPE], and tells
-- its figures as one line of JSON: wrk ... -s serving.lua URL -- LINES

local requests, last = {}, 0

function init(args)
   for line in io.lines(args[1]) do
      local method, path, file, kind = line:match("^(%S+) (%S+) ?(%S*) ?(.*)$")
      local headers, body = {}, nil
      if file ~= "" then
         local content = assert(io.open(file, "rb"))
         headers["Content-Type"], body = kind, content:read("*a")
         content:close()
      end
      requests[#requests + 1] = wrk.format(method, path, headers, body)
   end
end

function request()
   last = last % #requests + 1
   return requests[last]
end

function done(summary, latency, _)
   local errors = summary.errors
   io.write(string.format(
      '{"requests": %d, "seconds": %f, "bytes": %d, "errors": %d, "p50": %f, "p95": %f, "p99": %f}\n',
      summary.requests, summary.duration / 1e6, summary.bytes,
      errors.connect + errors.read + errors.write + errors.status + errors.timeout,
      latency:percentile(50) / 1e3, latency:percentile(95) / 1e3, latency:percentile(99) / 1e3))
end
