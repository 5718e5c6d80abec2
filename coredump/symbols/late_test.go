package symbols_test

import _ "supervise/coredump/symbols/late"
