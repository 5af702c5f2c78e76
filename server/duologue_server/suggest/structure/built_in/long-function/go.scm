[(function_declaration) (method_declaration)] @here
