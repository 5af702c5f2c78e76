[(function_declaration name: (identifier) @name @here) (method_definition name: (property_identifier) @name @here)]
