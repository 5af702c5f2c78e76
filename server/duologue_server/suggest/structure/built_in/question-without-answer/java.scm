(method_declaration name: (identifier) @name @here)
