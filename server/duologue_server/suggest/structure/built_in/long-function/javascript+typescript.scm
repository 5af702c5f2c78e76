[(function_declaration) (method_definition)] @here
