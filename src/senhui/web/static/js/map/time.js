// Time: which survey is shown, and against which earlier one.
