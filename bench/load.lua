-- Sends prepared requests one after another; the file holds, per request, its length in six digits and its bytes.
local file

function init(args)
  file = assert(io.open(os.getenv("BENCH_REQUESTS"), "rb"))
end

function request()
  local length = file:read(6)
  if not length then
    file:seek("set", 0)
    length = file:read(6)
  end
  return file:read(tonumber(length))
end
