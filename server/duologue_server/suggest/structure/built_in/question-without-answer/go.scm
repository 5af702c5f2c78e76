[(function_declaration name: (identifier) @name @here) (method_declaration name: (field_identifier) @name @here)]
