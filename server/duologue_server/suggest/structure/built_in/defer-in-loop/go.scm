((defer_statement (call_expression function: (selector_expression field: (field_identifier) @name))) @here (#any-of? @name "Close" "Unlock" "RUnlock"))
