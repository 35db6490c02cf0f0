-- wrk: about 1,000 requests a second over 10 connections, anomalies and history in turn.
local n = 0
local paths = {
  "/anomalies?limit=50",
  "/api/v1/readings/history?sensor=bench-0-1/temperature&from=1700000000&to=1700001000&raw=true&max_points=1000",
}

function delay()
  return 10
end

function request()
  n = n + 1
  return wrk.format("GET", paths[n % #paths + 1])
end

function done(summary, latency, requests)
  io.write(string.format("requests/s %.0f p50 %.2f ms p99 %.2f ms errors %d\n",
    summary.requests / (summary.duration / 1e6), latency:percentile(50) / 1e3,
    latency:percentile(99) / 1e3,
    summary.errors.status + summary.errors.timeout + summary.errors.read + summary.errors.connect))
end
