x=1
def add_arguments(s): pass
