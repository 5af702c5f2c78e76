---Commits and checkouts, from the log that git keeps of them; no program is run.
local M = {}

---@type table<string, uv.uv_fs_event_t> by the path of the log
local watched = {}

---@param bufnr integer
---@return string? the folder that git keeps its own things in
local function git_dir(bufnr)
  local root = vim.fs.root(bufnr, ".git")
  if not root then
    return nil
  end
  local path = vim.fs.joinpath(root, ".git")
  local stat = vim.uv.fs_stat(path)
  if stat and stat.type == "directory" then
    return path
  end
  -- In a worktree or a submodule it is a file that says where.
  local file = io.open(path)
  local named = file and file:read("*l") or ""
  if file then
    file:close()
  end
  local folder = named:match("^gitdir: (.+)$")
  if folder and not vim.startswith(folder, "/") then
    folder = vim.fs.joinpath(root, folder)
  end
  return folder
end

---@param path string
---@return string the last line, empty if there is none
local function last_line(path)
  local file = io.open(path)
  if not file then
    return ""
  end
  local size = file:seek("end")
  file:seek("set", math.max(0, size - 2000))
  local text = file:read("*a")
  file:close()
  return text:match("([^\n]*)\n?$") or ""
end

---@param entry string a line of the log
---@return "commit"|"checkout"|nil
function M.event(entry)
  local what = entry:match("\t(.*)$") or ""
  return what:find("^commit") and "commit" or what:find("^checkout") and "checkout" or nil
end

---Tells of each commit and checkout of this buffer's repository from now on.
---@param bufnr integer
---@param tell fun(event: "commit"|"checkout")
function M.watch(bufnr, tell)
  local folder = git_dir(bufnr)
  local path = folder and vim.fs.joinpath(folder, "logs", "HEAD")
  if not path or watched[path] or not vim.uv.fs_stat(path) then
    return
  end
  local seen = last_line(path)
  local watcher = vim.uv.new_fs_event()
  if not watcher or watcher:start(path, {}, vim.schedule_wrap(function()
    local entry = last_line(path)
    local event = entry ~= seen and M.event(entry)
    seen = entry
    if event then
      tell(event)
    end
  end)) ~= 0 then
    return
  end
  watched[path] = watcher
end

return M
