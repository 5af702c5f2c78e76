[(block) (module) (argument_list) (dictionary)] @here
