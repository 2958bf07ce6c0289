"""How filters run. Every filter begins and ends with an image and takes one of three ways in between.

- :mod:`~pictologics.filters.execution.filter_input`: an image checked and turned for filtering, and the response as an
  image again.
- **Separable passes** (:mod:`~pictologics.filters.execution.separable_passes`): one axis after the other, in place. For
  averages.
- **Slabs** (:mod:`~pictologics.filters.execution.slabs`): a few planes at a time through all steps of a filter, so that
  those steps need little memory. For the median, the gradient, Laws kernels and wavelets, the last two in several
  orientations (:mod:`~pictologics.filters.execution.orientations`).
- **Transfer functions** (:mod:`~pictologics.filters.execution.transfer_functions`): the spectrum of the whole image
  times a function of the frequency. For Simoncelli's wavelets and the Riesz transform.

The weights along one axis are :mod:`~pictologics.filters.execution.line_kernels`.
"""
