// The Models workspace driven as a person does: what ships is listed, a folder is added, quantised, opened, renamed and
// removed; a broken one is refused; a model is downloaded, stopped, and goes on. HOLDFAST_SCREENSHOTS=folder keeps
// pictures. Seen failing: a conversion that does not end when stopped; the files of an added model deleted; the rate of
// another format shown.
#include <QAbstractItemModelTester>
#include <QAccessible>
#include <QClipboard>
#include <QComboBox>
#include <QDropEvent>
#include <QLineEdit>
#include <QMenu>
#include <QMessageBox>
#include <QMimeData>
#include <QProgressBar>
#include <QPushButton>
#include <QSignalSpy>
#include <QToolButton>
#include <QTreeView>
#include <fstream>

#include "app/models/installed_models_model.h"
#include "app/panels/model_details.h"
#include "app/panels/models_panel.h"
#include "tests/gui/hub_server.h"
#include "tests/gui/random_model.h"
#include "tests/gui/window_driver.h"

using namespace holdfast;
using namespace holdfast::test;
namespace fs = std::filesystem;

namespace {

QByteArray bytes_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  return QByteArray::fromStdString(text);
}

}  // namespace

class ModelsWorkspaceTest : public QObject {
  Q_OBJECT

  std::unique_ptr<QTemporaryDir> folder_;
  std::unique_ptr<WindowDriver> window_;

  [[nodiscard]] fs::path path(const char* name) const { return fs::path(folder_->path().toStdString()) / name; }
  [[nodiscard]] fs::path data() const { return path("data"); }
  [[nodiscard]] QTreeView* table() const { return window_->find<QTreeView>("modelsTable"); }
  [[nodiscard]] Banner* banner() const { return window_->find<Banner>("modelsBanner"); }
  [[nodiscard]] ModelsPanel* panel() const { return window_->find<ModelsPanel>("modelsPanel"); }

  void open() {
    window_ = std::make_unique<WindowDriver>(data());
    QTRY_VERIFY(window_->window().isReady());
    window_->click("modelsWorkspace");
    QTRY_VERIFY(names().contains("holdfast-mini"));
  }
  [[nodiscard]] QStringList names() const {
    QStringList names;
    for (int row = 0; row < table()->model()->rowCount(); ++row)
      names << table()->model()->index(row, 0).data().toString();
    return names;
  }
  [[nodiscard]] QString chosen() const { return table()->currentIndex().siblingAtColumn(0).data().toString(); }
  [[nodiscard]] QString cell(const QString& name, int column) const {
    const auto row = names().indexOf(name);
    return row < 0 ? QString() : table()->model()->index(static_cast<int>(row), column).data().toString();
  }
  void choose(const QString& name) {
    table()->setCurrentIndex(table()->model()->index(static_cast<int>(names().indexOf(name)), 0));
    QCOMPARE(chosen(), name);
  }
  void drop(const QStringList& paths) {
    QMimeData data;
    QList<QUrl> urls;
    for (const QString& p : paths) urls << QUrl::fromLocalFile(p);
    data.setUrls(urls);
    QDragEnterEvent enter(QPoint(50, 50), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
    QApplication::sendEvent(panel(), &enter);
    QVERIFY(enter.isAccepted());
    QDropEvent event(QPointF(50, 50), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
    QApplication::sendEvent(panel(), &event);
  }
  void drop(const fs::path& path) { drop(QStringList{QString::fromStdString(path.string())}); }
  [[nodiscard]] QAction* action(const char* name) const { return window_->find<QAction>(name); }
  void answerQuestion(bool yes) {
    QMessageBox* question = nullptr;
    for (auto* box : panel()->findChildren<QMessageBox*>("removeQuestion"))
      question = box->isVisible() ? box : question;
    QVERIFY(question != nullptr);
    yes ? question->findChild<QPushButton*>("removeYes")->click() : question->button(QMessageBox::Cancel)->click();
  }

 private slots:
  void init() { folder_ = std::make_unique<QTemporaryDir>(); }
  void cleanup() { window_.reset(); }

  void what_ships_is_listed_with_its_figures() {
    open();
    QCOMPARE(names(), QStringList{"holdfast-mini"});
    QCOMPARE(chosen(), QString("holdfast-mini"));
    QCOMPARE(cell("holdfast-mini", InstalledModelsModel::Parameters), QString("28.6 M"));
    QVERIFY(cell("holdfast-mini", InstalledModelsModel::Format).startsWith("q8_0"));
    QTRY_VERIFY(cell("holdfast-mini", InstalledModelsModel::Speed).endsWith("/s"));
    const auto* details = window_->find<ModelDetails>("modelDetails");
    QVERIFY(details->model()->facts != nullptr);
    QStringList facts;
    for (const auto* label : window_->find<QWidget>("modelFacts")->findChildren<QLabel*>()) facts << label->text();
    QVERIFY(facts.contains("28,570,880"));
    QVERIFY(facts.contains("chatml"));
    QVERIFY(facts.contains("temperature 0, repetition penalty 1"));
    // What ships stays.
    QVERIFY(!action("removeModel")->isEnabled());
    QTest::keyClick(table(), Qt::Key_Delete);
    QVERIFY(window_->find<QMessageBox>("removeQuestion") == nullptr);
  }

  void speed_is_the_memory_by_the_bytes_of_a_token() {
    FormatFacts format{.dtype = LoadDType::q8, .weight_bytes = 1000, .bytes_per_token = 2e6};
    QCOMPARE(mostTokensPerSecond(format, 10e9), 5000.0);
    QCOMPARE(mostTokensPerSecond({}, 10e9), 0.0);
    QCOMPARE(rateText(5012.0), QString("\u2248 5,000/s"));
    QCOMPARE(rateText(3.14), QString("\u2248 3.1/s"));
    QCOMPARE(rateText(0.0), QString());
    open();
    QTRY_VERIFY(cell("holdfast-mini", InstalledModelsModel::Speed).endsWith("/s"));
    const auto& facts = *window_->find<ModelDetails>("modelDetails")->model()->facts;
    QVERIFY(facts.formats[4].bytes_per_token < facts.formats[3].bytes_per_token);
    QVERIFY(facts.formats[3].bytes_per_token < facts.formats[2].bytes_per_token);
    QStringList shown;
    for (const auto* label : window_->find<QWidget>("modelFormats")->findChildren<QLabel*>()) shown << label->text();
    const double speed = window_->window().findChild<InstalledModelsModel*>()->speed();
    for (const FormatFacts& f : facts.formats) QVERIFY(shown.contains(rateText(mostTokensPerSecond(f, speed))));
  }

  void a_folder_is_added_quantised_opened_renamed_and_removed() {
    write_random_model(path("given"));
    open();
    drop(path("given"));
    QTRY_VERIFY(names().contains("given"));
    QTRY_COMPARE(chosen(), QString("given"));
    QVERIFY(banner()->text().contains("its files stay where they are"));
    QVERIFY(fs::is_symlink(data() / "models" / "given"));

    window_->click("convertModel");
    window_->find<QComboBox>("conversionLayout")->setCurrentIndex(0);
    QCOMPARE(window_->find<QLineEdit>("conversionName")->text(), QString("given-q8"));
    window_->click("startConversion");
    QTRY_COMPARE(chosen(), QString("given-q8"));
    QVERIFY(cell("given-q8", InstalledModelsModel::Format).contains("q8_0"));
    QVERIFY(fs::exists(data() / "models" / "given-q8" / "tokenizer.model"));

    window_->click("openModel");
    QTRY_VERIFY(window_->window().chat()->model() && window_->window().chat()->model()->name == "given-q8" &&
                window_->idle());
    QVERIFY(window_->question()->isVisible());  // in Solve
    window_->click("modelsWorkspace");
    QTRY_VERIFY(!window_->canClick("openModel"));  // it is open

    table()->setFocus();
    QTest::keyClick(table(), Qt::Key_F2);
    auto* editor = table()->findChild<QLineEdit*>();
    QVERIFY(editor != nullptr);
    editor->selectAll();
    QTest::keyClicks(editor, "small");
    QTest::keyClick(editor, Qt::Key_Return);
    QTRY_COMPARE(chosen(), QString("small"));
    QVERIFY(fs::exists(data() / "models" / "small" / "config.json"));

    QTest::keyClick(table(), Qt::Key_Delete);
    answerQuestion(false);
    QVERIFY(fs::exists(data() / "models" / "small"));
    QTest::keyClick(table(), Qt::Key_Delete);
    answerQuestion(true);
    QTRY_VERIFY(!names().contains("small"));
    QVERIFY(!fs::exists(data() / "models" / "small"));

    choose("given");
    QTest::keyClick(table(), Qt::Key_Delete);
    answerQuestion(true);
    QTRY_VERIFY(!names().contains("given"));
    QVERIFY(fs::exists(path("given") / "model.safetensors"));
  }

  void golden_models_of_every_layout_are_added() {
    open();
    const fs::path golden = HOLDFAST_GOLDEN_DIR;
    drop({QString::fromStdString((golden / "hf-g1-tied/hf").string()),
          QString::fromStdString((golden / "ssm-g4/mamba_ssm").string()),
          QString::fromStdString((golden / "gguf-k").string())});
    QTRY_COMPARE(names().size(), 8);
    QCOMPARE(cell("hf", InstalledModelsModel::Layout), QString("hf"));
    QCOMPARE(cell("mamba_ssm", InstalledModelsModel::Layout), QString("mamba_ssm"));
    QCOMPARE(cell("model-q6_k", InstalledModelsModel::Layout), QString("gguf"));
    choose("hf");
    window_->click("convertModel");
    window_->find<QComboBox>("conversionLayout")->setCurrentIndex(1);
    window_->find<QComboBox>("conversionFormat")->setCurrentIndex(1);
    QCOMPARE(window_->find<QLineEdit>("conversionName")->text(), QString("hf-q4-gguf"));
    window_->click("startConversion");
    QTRY_COMPARE(chosen(), QString("hf-q4-gguf"));
    QVERIFY(fs::exists(data() / "models" / "hf-q4-gguf.gguf"));
    // mamba_ssm has no blocks of 8 and 4 bits.
    window_->click("convertModel");
    window_->find<QComboBox>("conversionLayout")->setCurrentIndex(2);
    QCOMPARE(window_->find<QComboBox>("conversionFormat")->count(), 2);
    // A name that is taken is refused in a sentence.
    window_->find<QLineEdit>("conversionName")->setText("hf");
    window_->click("startConversion");
    QTRY_VERIFY(banner()->isVisible() && banner()->text().contains("taken"));
  }

  void broken_ones_are_refused_in_a_sentence() {
    fs::create_directories(path("broken"));
    std::ofstream(path("broken") / "config.json") << R"({"model_type": "llama"})";
    std::ofstream(path("cut.gguf")) << "GGUF";
    open();
    drop(path("broken"));
    QTRY_VERIFY(banner()->isVisible());
    QVERIFY2(banner()->text().contains("llama"), qPrintable(banner()->text()));
    drop(path("cut.gguf"));
    QTRY_VERIFY(banner()->text().contains("cut.gguf"));
    drop(path("nowhere"));
    QTRY_VERIFY(banner()->text().contains("not there"));
    QCOMPARE(names(), QStringList{"holdfast-mini"});
  }

  void what_cannot_be_opened_is_listed_with_its_reason() {
    const fs::path broken = data() / "models" / "broken";
    fs::create_directories(broken);
    std::ofstream(broken / "config.json") << "{";
    open();
    choose("broken");
    auto* fault = window_->find<QLabel>("modelFault");
    QVERIFY(fault->isVisible() && fault->text().contains("config.json"));
    QVERIFY(!window_->canClick("openModel") && !window_->canClick("convertModel"));
    QTest::keyClick(table(), Qt::Key_Return);
    QTRY_VERIFY(banner()->isVisible());
  }

  void a_conversion_is_stopped_and_leaves_nothing() {
    open();
    window_->click("convertModel");
    window_->find<QComboBox>("conversionFormat")->setCurrentIndex(3);  // f32: 114 MB to write
    window_->click("startConversion");
    auto* bar = window_->find<QWidget>("workRow")->findChild<QProgressBar*>();
    QTRY_VERIFY(bar->isVisible() && bar->value() > 0);
    window_->click("workRowStop");
    QTRY_VERIFY(!window_->find<QWidget>("workRow")->isVisible());
    QVERIFY(fs::is_empty(data() / "models"));
    QCOMPARE(names(), QStringList{"holdfast-mini"});
    QVERIFY(!banner()->isVisible());
  }

  void hashes_are_computed_when_asked_for() {
    open();
    action("hashModel")->trigger();
    auto* hashes = window_->find<QLabel>("modelHashes");
    QTRY_VERIFY(hashes->isVisible());
    const fs::path model = fs::path(HOLDFAST_SOURCE_DIR) / "resources/models/holdfast-mini";
    QVERIFY(hashes->text().contains(QString::fromStdString(Checkpoint::open(model)->fingerprint())));
    const QByteArray sha = QCryptographicHash::hash(bytes_of(model / "model.safetensors"), QCryptographicHash::Sha256);
    QVERIFY(hashes->text().contains(QString::fromLatin1(sha.toHex())));
  }

  void a_model_is_downloaded_stopped_and_goes_on() {
    write_random_model(path("served"));
    HubServer hub;
    for (const char* name : {"config.json", "tokenizer.model", "model.safetensors"}) {
      hub.add(name, bytes_of(path("served") / name), std::string_view(name) != "config.json");
    }
    hub.add("README.md", "---\nlicense: mit\n---\n# A served model\n", false);
    const qsizetype size = hub.files["model.safetensors"].size();
    hub.handler = [&](const HubRequest& request) {
      HubReply reply = hub.serve(request);
      if (!request.path.endsWith("model.safetensors")) return reply;
      reply.cutAfter = size / 2;
      reply.hang = true;
      return reply;
    };
    open();
    panel()->setHub(hub.url().toString());
    auto* address = window_->find<QLineEdit>("hubAddress");
    QTest::keyClicks(address, "no address");
    QTest::keyClick(address, Qt::Key_Return);
    QTRY_VERIFY(banner()->isVisible() && banner()->text().contains("OWNER/NAME"));
    address->clear();
    QTest::keyClicks(address, "owner/name");
    window_->click("download");
    auto* label = window_->find<QLabel>("downloadRowLabel");
    QTRY_VERIFY(hub.asked("resolve/main/model.safetensors") == 1 && label->isVisible());
    window_->click("downloadRowStop");
    QTRY_VERIFY(window_->canClick("resumeDownload"));
    QVERIFY(!label->isVisible());
    QCOMPARE(names(), QStringList{"holdfast-mini"});
    hub.handler = [&](const HubRequest& request) { return hub.serve(request); };
    window_->click("resumeDownload");
    QTRY_COMPARE(chosen(), QString("name"));
    QTRY_VERIFY(!window_->canClick("resumeDownload"));
    QCOMPARE(bytes_of(data() / "models" / "name" / "model.safetensors"), hub.files["model.safetensors"]);
    QCOMPARE(window_->find<TextView>("modelCard")->toPlainText().trimmed(), QString("A served model"));
    QStringList facts;
    for (const auto* fact : window_->find<QWidget>("modelFacts")->findChildren<QLabel*>()) facts << fact->text();
    QVERIFY(facts.contains("mit"));
    // What the hub refuses is said.
    QTest::keyClicks(address, "owner/other");
    QTest::keyClick(address, Qt::Key_Return);
    QTRY_VERIFY(banner()->isVisible() && banner()->text().contains("(404)"));
  }

  void one_gguf_of_several_is_chosen() {
    HubServer hub;
    for (const char* name : {"model-q4_0.gguf", "model-q8_0.gguf"}) {
      hub.add(name, bytes_of(fs::path(HOLDFAST_GOLDEN_DIR) / "gguf-k" / name), true);
    }
    open();
    panel()->setHub(hub.url().toString());
    auto* address = window_->find<QLineEdit>("hubAddress");
    QTest::keyClicks(address, "owner/name");
    QTest::keyClick(address, Qt::Key_Return);
    QTRY_VERIFY(window_->canClick("downloadChoice"));
    window_->find<QComboBox>("choiceFiles")->setCurrentIndex(1);
    window_->click("downloadChoice");
    QTRY_COMPARE(chosen(), QString("model-q8_0"));
    QVERIFY(cell("model-q8_0", InstalledModelsModel::Layout) == "gguf");
  }

  void a_hub_is_chosen_and_kept() {
    open();
    window_->click("hubButton");
    auto* hub = window_->find<QLineEdit>("hub");
    QTest::keyClicks(hub, "http://example.org");
    QTest::keyClick(hub, Qt::Key_Return);
    QTRY_VERIFY(banner()->isVisible() && banner()->text().contains("https"));
    hub->clear();
    QTest::keyClicks(hub, "https://hub.example");
    QTest::keyClick(hub, Qt::Key_Return);
    QVERIFY(!hub->isVisible());
    window_.reset();
    open();
    QTRY_COMPARE(window_->find<QLineEdit>("hub")->text(), QString("https://hub.example"));
  }

  void the_table_keeps_the_rules_of_qt() {
    InstalledModelsModel model;
    const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    ModelEntry shipped{.where = {.name = "a", .path = "/m/a", .target = "/m/a", .origin = ModelOrigin::shipped},
                       .facts = std::make_shared<ModelFacts>(),
                       .fault = {},
                       .trainedOn = {},
                       .card = {},
                       .extras = {}};
    ModelEntry own = shipped;
    own.where = {.name = "b", .path = "/d/b", .target = "/d/b"};
    own.facts = nullptr;
    own.fault = "no";
    model.setModels({shipped, own});
    const QPersistentModelIndex kept = model.index(1, 0);
    model.setModels({shipped, own});
    QVERIFY(kept.isValid());
    model.setSpeed(1e10);
    model.setOpen("/m/a");
    QVERIFY(model.isOpen(0) && !model.isOpen(1));
    QVERIFY(model.index(0, 0).data(Qt::AccessibleTextRole).toString().contains("open"));
    QSignalSpy renamed(&model, &InstalledModelsModel::renameWanted);
    QVERIFY(!(model.flags(model.index(0, 0)) & Qt::ItemIsEditable));
    model.setData(model.index(1, 0), " c ", Qt::EditRole);
    model.setData(model.index(1, 0), "  ", Qt::EditRole);
    QCOMPARE(renamed.size(), 1);
    QCOMPARE(renamed[0][1].toString(), QString("c"));
    model.setModels({});
    QCOMPARE(model.rowCount(), 0);
  }

  void everything_has_a_name_for_those_who_do_not_see_it() {
    open();
    window_->click("hubButton");
    window_->click("convertModel");
    for (const auto* widget : panel()->findChildren<QWidget*>()) {
      if (!widget->isVisible() || widget->focusPolicy() == Qt::NoFocus || widget->objectName().startsWith("qt_"))
        continue;
      QAccessibleInterface* seen = QAccessible::queryAccessibleInterface(const_cast<QWidget*>(widget));
      QVERIFY(seen != nullptr);
      const bool named = !seen->text(QAccessible::Name).isEmpty();
      QVERIFY2(named, qPrintable(QString(widget->metaObject()->className()) + " " + widget->objectName()));
    }
    // The keyboard reaches the table and the button that opens.
    table()->setFocus();
    bool reached = false;
    for (int i = 0; i < 40 && !reached; ++i) {
      window_->press(Qt::Key_Tab);
      reached = QApplication::focusWidget() == window_->find<QPushButton>("convertModel");
    }
    QVERIFY(reached);
  }

  void screens_data() {
    QTest::addColumn<bool>("dark");
    QTest::newRow("light") << false;
    QTest::newRow("dark") << true;
  }
  void screens() {
    QFETCH(bool, dark);
    write_random_model(path("mamba2-tiny-random"));
    fs::create_directories(path("mamba2-tiny-random") / "lora-geometry");
    std::ofstream(path("mamba2-tiny-random") / "lora-geometry" / "adapter_config.json") << "{}";
    open();
    window_->window().setTheme(dark ? ThemeChoice::dark : ThemeChoice::light);
    drop({QString::fromStdString(path("mamba2-tiny-random").string()),
          QString::fromStdString((fs::path(HOLDFAST_GOLDEN_DIR) / "gguf-k").string())});
    QTRY_VERIFY(names().size() == 7);
    QTRY_VERIFY(cell("holdfast-mini", InstalledModelsModel::Speed).endsWith("/s"));
    choose("holdfast-mini");
    const QString folder = qEnvironmentVariable("HOLDFAST_SCREENSHOTS");
    const auto keep = [&](const char* name) {
      QTest::qWait(80);
      for (const auto* button : panel()->findChildren<QAbstractButton*>()) {
        if (!button->isVisible() || button->objectName().startsWith("qt_") || button->text().isEmpty()) continue;
        QVERIFY2(button->width() >= button->sizeHint().width(), qPrintable(button->text()));
      }
      if (folder.isEmpty()) return;
      QVERIFY(window_->window().grab().save(
          QStringLiteral("%1/models-%2-%3.png").arg(folder, name, dark ? "dark" : "light")));
    };
    keep("list");
    choose("mamba2-tiny-random");
    window_->click("convertModel");
    window_->click("hubButton");
    keep("convert");
    window_->window().resize(900, 620);
    keep("small");
    HubServer hub;
    hub.add("config.json", bytes_of(path("mamba2-tiny-random") / "config.json"), false);
    hub.add("model.safetensors", bytes_of(path("mamba2-tiny-random") / "model.safetensors"), true);
    hub.handler = [&](const HubRequest& request) {
      HubReply reply = hub.serve(request);
      if (!request.path.endsWith("model.safetensors")) return reply;
      reply.cutAfter = reply.body.size() / 3;
      reply.hang = true;
      return reply;
    };
    panel()->setHub(hub.url().toString());
    window_->window().resize(1280, 800);
    window_->click("hubButton");
    auto* address = window_->find<QLineEdit>("hubAddress");
    QTest::keyClicks(address, "owner/name");
    QTest::keyClick(address, Qt::Key_Return);
    QTRY_VERIFY(hub.asked("resolve/main/model.safetensors") == 1);
    keep("download");
    window_->click("downloadRowStop");
    QTRY_VERIFY(window_->canClick("resumeDownload"));
    keep("unfinished");
  }
};

QTEST_MAIN(ModelsWorkspaceTest)
#include "models_workspace_test.moc"
