---Edits that the server asks for, because the user took a suggestion: applied whole or not at all, and shown.
local client = require("duologue.client")

local M = {}

local NAMESPACE = vim.api.nvim_create_namespace("duologue.edits")
local SHOWN_MS = 1500

---@class duologue.FileEdit
---@field uri string
---@field version? integer the version that the server had in mind
---@field edits lsp.TextEdit[]

---@param edit lsp.WorkspaceEdit
---@return duologue.FileEdit[] the changes of text; files made, renamed or removed are not among them
local function text_changes(edit)
  local files = {}
  for _, change in ipairs(edit.documentChanges or {}) do
    if not change.kind then
      local document = change.textDocument
      local version = type(document.version) == "number" and document.version or nil
      table.insert(files, { uri = document.uri, version = version, edits = change.edits })
    end
  end
  if not edit.documentChanges then
    for uri, edits in pairs(edit.changes or {}) do
      table.insert(files, { uri = uri, edits = edits })
    end
  end
  return files
end

---Neovim itself would drop such a change and report it as made.
---@param files duologue.FileEdit[]
---@return string? why they cannot be made
local function refusal(files)
  for _, file in ipairs(files) do
    local bufnr = vim.uri_to_bufnr(file.uri)
    local current = vim.lsp.util.buf_versions[bufnr]
    local name = vim.fn.fnamemodify(vim.uri_to_fname(file.uri), ":t")
    if file.version and current and current ~= file.version then
      return ("%s has changed since"):format(name)
    end
    if vim.api.nvim_buf_is_loaded(bufnr) and not vim.bo[bufnr].modifiable then
      return ("%s cannot be changed"):format(name)
    end
  end
end

---@param annotations? table<string, lsp.ChangeAnnotation>
---@return boolean whether the user agrees to what the server wants confirmed
local function agreed(annotations)
  local questions = {}
  for _, note in pairs(annotations or {}) do
    if note.needsConfirmation then
      local detail = note.description and "\n" .. note.description or ""
      table.insert(questions, note.label .. detail)
    end
  end
  table.sort(questions)
  return #questions == 0 or vim.fn.confirm(table.concat(questions, "\n"), "&Yes\n&No", 2, "Question") == 1
end

---Marks the changed lines for a moment.
---@param file duologue.FileEdit
local function show(file)
  local bufnr = vim.uri_to_bufnr(file.uri)
  local edits = vim.deepcopy(file.edits)
  table.sort(edits, function(a, b)
    return a.range.start.line < b.range.start.line
  end)
  local added, last = 0, vim.api.nvim_buf_line_count(bufnr) - 1
  for _, edit in ipairs(edits) do
    local first = math.min(edit.range.start.line + added, last)
    local lines = select(2, edit.newText:gsub("\n", "\n"))
    local final = math.min(first + lines, last)
    added = added + lines - (edit.range["end"].line - edit.range.start.line)
    vim.api.nvim_buf_set_extmark(bufnr, NAMESPACE, first, 0, {
      end_row = math.min(final + 1, last + 1),
      hl_group = "DuologueChanged",
      hl_eol = true,
      strict = false,
    })
  end
  vim.defer_fn(function()
    if vim.api.nvim_buf_is_valid(bufnr) then
      vim.api.nvim_buf_clear_namespace(bufnr, NAMESPACE, 0, -1)
    end
  end, SHOWN_MS)
end

---@param edit lsp.WorkspaceEdit
---@param encoding string
---@return string? why it was not made
function M.make(edit, encoding)
  local files = text_changes(edit)
  local why = refusal(files)
  if not why and not agreed(edit.changeAnnotations) then
    why = "the user declined"
  end
  if why then
    return why
  end
  local made, problem = pcall(vim.lsp.util.apply_workspace_edit, edit, encoding)
  if not made then
    return tostring(problem)
  end
  for _, file in ipairs(files) do
    show(file)
  end
end

---`workspace/applyEdit`, of our server only.
---@param _ lsp.ResponseError?
---@param params lsp.ApplyWorkspaceEditParams
---@param ctx lsp.HandlerContext
---@return lsp.ApplyWorkspaceEditResult
function M.on_apply(_, params, ctx)
  local ours = assert(vim.lsp.get_client_by_id(ctx.client_id))
  local why = M.make(params.edit, ours.offset_encoding)
  local label = params.label or "the change"
  if why then
    client.tell(("%s was not made: %s"):format(label, why), vim.log.levels.WARN)
  else
    client.tell(("%s; u undoes it"):format(params.label or "changed"), vim.log.levels.INFO)
  end
  return { applied = why == nil, failureReason = why }
end

return M
