# cmake -DSTRIP=... -DIMAGE=... -DBUDGET=KILOBYTES -P check_size.cmake
execute_process(COMMAND ${STRIP} -o ${IMAGE}.stripped ${IMAGE} COMMAND_ERROR_IS_FATAL ANY)
file(SIZE ${IMAGE}.stripped size)
file(REMOVE ${IMAGE}.stripped)
math(EXPR limit "${BUDGET} * 1000")
if(size GREATER limit)
  file(REMOVE ${IMAGE})
  message(FATAL_ERROR "${IMAGE}: ${size} bytes stripped; its budget is ${limit}")
endif()
