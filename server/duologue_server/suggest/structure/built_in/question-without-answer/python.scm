(function_definition name: (identifier) @name @here)
