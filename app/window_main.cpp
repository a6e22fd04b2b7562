// The window: a program of its own beside `holdfast`, so that the command line needs no Qt.
#include <QApplication>

int main(int argc, char** argv) {
  QApplication application(argc, argv);
  return 0;
}
