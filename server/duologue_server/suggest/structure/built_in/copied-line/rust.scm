[(block) (field_initializer_list)] @here
