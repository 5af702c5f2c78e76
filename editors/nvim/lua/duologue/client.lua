---The one language client of this Neovim: one partner and one microphone for all buffers and roots.
local config = require("duologue.config")

local M = {}

local NAME = "duologue"
local MARKERS = { "pyproject.toml", "package.json", "Cargo.toml", "go.mod" }

---@type integer?
local id
---@type (fun(client: vim.lsp.Client))[] what waits for the handshake
local waiting = {}
---Set when the server is missing or has died, so that opening files does not start it over and over.
local broken = false
---@type table<string, function>
local handlers = {}
---@type fun(died: boolean)
local on_gone

---@param new_handlers table<string, function> what to do with messages from the server
---@param new_on_gone fun(died: boolean) the server has ended, or could not be started
function M.wire(new_handlers, new_on_gone)
  handlers, on_gone = new_handlers, new_on_gone
end

---Client methods took no self before Neovim 0.11.
local with_self = vim.fn.has("nvim-0.11") == 1

---@param client vim.lsp.Client
---@param method "request"|"notify"
local function call(client, method, ...)
  if with_self then
    return client[method](client, ...)
  end
  return client[method](...)
end

---@param text string
---@param level integer of vim.log.levels
function M.tell(text, level)
  -- The server puts the same in front of its messages, for editors that do not say whose they are.
  vim.notify("Duologue: " .. text:gsub("^Duologue: ", ""), level)
end

---@return vim.lsp.Client? nil before the handshake is done
function M.get()
  local client = id and vim.lsp.get_client_by_id(id)
  return client and client.initialized and client or nil
end

---@param method string
---@param params table
---@return boolean whether there is a server that gets it
function M.notify(method, params)
  local client = M.get()
  return client ~= nil and call(client, "notify", method, params) or false
end

---@param bufnr integer
---@return string
local function root_of(bufnr)
  local name = vim.api.nvim_buf_get_name(bufnr)
  return vim.fs.root(bufnr, ".git")
    or vim.fs.root(bufnr, MARKERS)
    or (name ~= "" and vim.bo[bufnr].buftype == "" and vim.fs.dirname(name))
    or vim.fn.getcwd()
end

---@param bufnr integer
---@return boolean whether the buffer is a file that the partner may see
local function wanted(bufnr)
  local name = vim.api.nvim_buf_get_name(bufnr)
  if name == "" or vim.bo[bufnr].buftype ~= "" or not vim.api.nvim_buf_is_loaded(bufnr) then
    return false
  end
  if name:match("^%a[%w+.-]+://") or vim.fn.isdirectory(name) == 1 then
    return false
  end
  if name == require("vim.lsp.log").get_filename() then
    return false
  end
  local filetypes = config.options.filetypes
  return not filetypes or vim.tbl_contains(filetypes, vim.bo[bufnr].filetype)
end

---@param client vim.lsp.Client
---@param bufnr integer
local function add_root(client, bufnr)
  local workspace = (client.server_capabilities or {}).workspace or {}
  if not (workspace.workspaceFolders or {}).changeNotifications then
    return
  end
  local root = root_of(bufnr)
  local folder = { uri = vim.uri_from_fname(root), name = root }
  for _, known in ipairs(client.workspace_folders or {}) do
    if known.uri == folder.uri then
      return
    end
  end
  client.workspace_folders = vim.list_extend(client.workspace_folders or {}, { folder })
  call(client, "notify", "workspace/didChangeWorkspaceFolders", { event = { added = { folder }, removed = {} } })
end

---@return lsp.ClientCapabilities
local function capabilities()
  local all = vim.lsp.protocol.make_client_capabilities()
  all.general = all.general or {}
  -- Most servers count in UTF-16, and Neovim warns when the clients of a buffer differ.
  all.general.positionEncodings = { "utf-16" }
  all.experimental = { duologue = { version = 1 } }
  return all
end

---@return table
local function settings()
  local chosen = config.options.settings
  return { duologue = next(chosen) and chosen or vim.empty_dict() }
end

---@param client vim.lsp.Client
local function on_init(client)
  local ready = waiting
  waiting = {}
  -- Neovim sends didOpen for the attached buffers after this callback.
  vim.schedule(function()
    for _, run in ipairs(ready) do
      run(client)
    end
  end)
end

local SIGTERM = 15

---@param code integer
---@param signal integer
local function on_exit(code, signal)
  id, waiting = nil, {}
  -- Neovim itself ends a client that does not go by SIGTERM.
  local asked = (code == 0 or code == 128 + SIGTERM) and (signal == 0 or signal == SIGTERM)
  broken = not asked
  on_gone(broken)
  if broken and vim.v.exiting == vim.NIL then
    local how = signal ~= 0 and ("was killed by signal %d"):format(signal) or ("ended with code %d"):format(code)
    local text = "the language server %s. :Duologue log may say why; :Duologue start starts it again."
    M.tell(text:format(how), vim.log.levels.ERROR)
  end
end

---Starts the server if it does not run.
---@param bufnr integer whose root is the workspace
---@return boolean whether it runs, or is on its way
local function start(bufnr)
  if id and vim.lsp.get_client_by_id(id) then
    return true
  end
  local cmd = config.options.cmd
  if vim.fn.executable(cmd[1]) == 0 then
    broken = true
    local text = "cannot find the command '%s'. Install it: pip install duologue. "
      .. 'Or say where it is: require("duologue").setup({ cmd = { "/path/to/duologue", "lsp" } }).'
    on_gone(true)
    M.tell(text:format(cmd[1]), vim.log.levels.ERROR)
    return false
  end
  local client_config = {
    name = NAME,
    cmd = cmd,
    root_dir = root_of(bufnr),
    settings = settings(),
    capabilities = capabilities(),
    handlers = handlers,
    -- Neovim would hold a change back for 150 ms.
    flags = { debounce_text_changes = 0 },
    on_init = on_init,
    on_exit = vim.schedule_wrap(on_exit),
  }
  if with_self then
    id = vim.lsp.start(client_config, { attach = false })
  else
    id = vim.lsp.start_client(client_config)
  end
  broken = id == nil
  return id ~= nil
end

---Shows a buffer to the partner, if it is a file that it may see.
---@param bufnr integer
function M.attach(bufnr)
  if broken or not wanted(bufnr) or (id and vim.lsp.buf_is_attached(bufnr, id)) then
    return
  end
  if not start(bufnr) then
    return
  end
  vim.lsp.buf_attach_client(bufnr, id)
  local client = M.get()
  if client then
    add_root(client, bufnr)
  else
    table.insert(waiting, function(ready)
      if vim.api.nvim_buf_is_valid(bufnr) then
        add_root(ready, bufnr)
      end
    end)
  end
end

---Starts the server, also after it was missing or has died.
---@return boolean
function M.ensure()
  broken = false
  return start(vim.api.nvim_get_current_buf())
end

---Gives a running server the settings of a later setup().
function M.configure()
  local client = id and vim.lsp.get_client_by_id(id)
  if client then
    client.settings = settings()
    M.notify("workspace/didChangeConfiguration", { settings = client.settings })
  end
end

---@param err? lsp.ResponseError
---@param answer? duologue.Answer
local function on_answer(err, answer)
  if err then
    M.tell(err.message, vim.log.levels.ERROR)
  elseif type(answer) == "table" and (answer.message or "") ~= "" then
    M.tell(answer.message, answer.ok and vim.log.levels.INFO or vim.log.levels.WARN)
  end
end

---Sends `duologue.<verb>`, after the handshake if that is still going on.
---@param verb string
---@param args? table
---@return boolean whether there is a server to ask
function M.execute(verb, args)
  if not id then
    M.tell("the server does not run. :Duologue start starts it.", vim.log.levels.WARN)
    return false
  end
  local params = { command = "duologue." .. verb, arguments = { args or vim.empty_dict() } }
  local client = M.get()
  if client then
    call(client, "request", "workspace/executeCommand", params, on_answer)
  else
    table.insert(waiting, function(ready)
      call(ready, "request", "workspace/executeCommand", params, on_answer)
    end)
  end
  return true
end

return M
