void in_library(int s) { (void)s; }
