[(method_declaration) (constructor_declaration)] @here
